"""What a conversation is made of: the session's own copies of the endpoint's items.

Fields are as in the Realtime API (Realtime: conversation item); ``item_json`` reads and shows
them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

UserStatus: TypeAlias = Literal["in_progress", "completed"]
Status: TypeAlias = Literal["in_progress", "completed", "incomplete"]


@dataclass(frozen=True, slots=True)
class InputText:
    """Typed text."""

    TYPE: ClassVar = "input_text"
    text: str


@dataclass(frozen=True, slots=True)
class InputAudio:
    """What the caller said."""

    TYPE: ClassVar = "input_audio"
    audio: str | None = None
    """Base64; None unless it is kept and the endpoint gave it."""
    transcript: str | None = None
    """By a model of its own, so a guide only; None until it comes, which takes a while."""


@dataclass(frozen=True, slots=True)
class InputImage:
    """A picture shown to the model."""

    TYPE: ClassVar = "input_image"
    image_url: str
    """A ``data:`` URI, PNG or JPEG."""
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class OutputText:
    """What the model wrote."""

    TYPE: ClassVar = "output_text"
    text: str


@dataclass(frozen=True, slots=True)
class OutputAudio:
    """What the model said."""

    TYPE: ClassVar = "output_audio"
    audio: str | None = None
    """Base64; None unless it is kept and the endpoint gave it."""
    transcript: str | None = None


UserPart: TypeAlias = InputText | InputAudio | InputImage
AssistantPart: TypeAlias = OutputText | OutputAudio
Part: TypeAlias = UserPart | AssistantPart


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """Instructions given on the way."""

    ROLE: ClassVar = "system"
    item_id: str
    content: tuple[InputText, ...]
    previous_item_id: str | None = None
    """What stood before it when it was added, if the endpoint told."""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """The caller's turn."""

    ROLE: ClassVar = "user"
    item_id: str
    content: tuple[UserPart, ...]
    status: UserStatus = "completed"
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """The agent's turn; ``incomplete`` when it was interrupted."""

    ROLE: ClassVar = "assistant"
    item_id: str
    content: tuple[AssistantPart, ...]
    status: Status = "completed"
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool that was called, and what it said."""

    TYPE: ClassVar = "function_call"
    item_id: str
    call_id: str
    """What the output refers to."""
    name: str
    arguments: str
    output: str | None = None
    previous_item_id: str | None = None

    @property
    def status(self) -> UserStatus:
        """Return whether the tool has answered."""
        return "in_progress" if self.output is None else "completed"


@dataclass(frozen=True, slots=True)
class McpCall:
    """A tool the endpoint called by itself."""

    TYPE: ClassVar = "mcp_call"
    item_id: str
    name: str
    arguments: str
    output: str | None = None
    status: Status = "in_progress"
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpApprovalRequest:
    """A tool the endpoint will not call before somebody agrees."""

    TYPE: ClassVar = "mcp_approval_request"
    item_id: str
    server_label: str
    name: str
    arguments: str
    approved: bool | None = None
    """None until the answer is in the conversation."""
    previous_item_id: str | None = None


Message: TypeAlias = SystemMessage | UserMessage | AssistantMessage
HistoryItem: TypeAlias = Message | FunctionCall | McpCall | McpApprovalRequest


def part_text(part: Part) -> str:
    """Return what a part says, written or spoken; of a picture ``""``."""
    match part:
        case InputText() | OutputText():
            return part.text
        case InputAudio() | OutputAudio():
            return part.transcript or ""
        case InputImage():
            return ""
