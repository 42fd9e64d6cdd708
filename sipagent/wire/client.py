"""Events the client sends (Realtime: client events)."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias, get_args

from pydantic import Field, StrictInt

from .events import Event, Json, UnknownEvent

APPEND_LIMIT_BYTES = 15 * 1024 * 1024
"""Of the base64 text of one append; a message of that size passes a limit of 16 MiB."""


class SessionUpdate(Event):
    """Change the session; only keys that are present change."""

    TYPE: ClassVar[str] = "session.update"
    session: Json


class InputAudioBufferAppend(Event):
    """Caller audio in the session's input format."""

    TYPE: ClassVar[str] = "input_audio_buffer.append"
    audio: Annotated[str, Field(max_length=APPEND_LIMIT_BYTES)]
    """Base64."""


class InputAudioBufferCommit(Event):
    """Make a user item of the buffer; starts no response."""

    TYPE: ClassVar[str] = "input_audio_buffer.commit"


class InputAudioBufferClear(Event):
    """Drop the buffer."""

    TYPE: ClassVar[str] = "input_audio_buffer.clear"


class OutputAudioBufferClear(Event):
    """Drop audio the server has not played; only where the server plays."""

    TYPE: ClassVar[str] = "output_audio_buffer.clear"


class ConversationItemCreate(Event):
    """Add an item."""

    TYPE: ClassVar[str] = "conversation.item.create"
    item: Json
    previous_item_id: str | None = None


class ConversationItemRetrieve(Event):
    """Ask for an item as the server has it."""

    TYPE: ClassVar[str] = "conversation.item.retrieve"
    item_id: str


class ConversationItemTruncate(Event):
    """Cut an assistant's audio where the caller stopped hearing it."""

    TYPE: ClassVar[str] = "conversation.item.truncate"
    item_id: str
    content_index: Annotated[StrictInt, Field(ge=0)]
    audio_end_ms: Annotated[StrictInt, Field(ge=0)]


class ConversationItemDelete(Event):
    """Remove an item."""

    TYPE: ClassVar[str] = "conversation.item.delete"
    item_id: str


class ResponseCreate(Event):
    """Start inference."""

    TYPE: ClassVar[str] = "response.create"
    response: Json = Field(default_factory=dict)


class ResponseCancel(Event):
    """Stop the response that is being made."""

    TYPE: ClassVar[str] = "response.cancel"
    response_id: str | None = None


ClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | OutputAudioBufferClear
    | ConversationItemCreate
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ConversationItemDelete
    | ResponseCreate
    | ResponseCancel
    | UnknownEvent
)

CLIENT_EVENTS: dict[str, type[Event]] = {
    each.TYPE: each for each in get_args(ClientEvent) if each is not UnknownEvent
}
"""By type."""
