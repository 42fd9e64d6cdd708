"""What a session tells. Past tense, frozen; ``at`` is monotonic seconds of receipt.

What a phone call is made of stands here; ``conversation_events`` and
``connection_events`` have the rest. ``NAME`` is what an
event is called in ``RealtimeSession.on``: the Agents SDK's name where it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from .connection_events import ConnectionEvent
from .conversation_events import ConversationEvent
from .usage import Usage


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """The endpoint confirmed a configuration."""

    NAME: ClassVar = "session_updated"
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The endpoint's VAD heard the caller."""

    NAME: ClassVar = "speech_started"
    item_id: str
    audio_start_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The endpoint's VAD ended the caller's turn."""

    NAME: ClassVar = "speech_stopped"
    item_id: str
    audio_end_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """Inference began."""

    NAME: ClassVar = "response_started"
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """Inference ended."""

    NAME: ClassVar = "response_done"
    response_id: str
    status: str
    reason: str
    error_code: str
    usage: Usage
    at: float


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """Agent audio in the session's output format."""

    NAME: ClassVar = "audio"
    response_id: str
    item_id: str
    content_index: int
    audio: bytes
    at: float


@dataclass(frozen=True, slots=True)
class AudioDone:
    """No more audio comes for the item's part."""

    NAME: ClassVar = "audio_stopped"
    response_id: str
    item_id: str
    content_index: int
    at: float


@dataclass(frozen=True, slots=True)
class UserTranscript:
    """What the caller said; may come long after the answer to it."""

    NAME: ClassVar = "user_transcript"
    item_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentTranscriptDelta:
    """A piece of what the agent says; runs ahead of the audio."""

    NAME: ClassVar = "agent_transcript_delta"
    response_id: str
    item_id: str
    delta: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentTranscript:
    """What the agent says, whole."""

    NAME: ClassVar = "agent_transcript"
    response_id: str
    item_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool runs."""

    NAME: ClassVar = "agent_tool_start"
    tool_call_id: str
    name: str
    arguments: str
    at: float


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool's output was sent."""

    NAME: ClassVar = "agent_tool_end"
    tool_call_id: str
    name: str
    arguments: str
    output: str
    failed: bool
    duration_s: float
    at: float


@dataclass(frozen=True, slots=True)
class HandedOff:
    """Another agent took over."""

    NAME: ClassVar = "agent_handoff"
    from_agent: str
    to_agent: str
    at: float


@dataclass(frozen=True, slots=True)
class ItemTruncated:
    """The endpoint cut an item where it was told to."""

    NAME: ClassVar = "item_truncated"
    item_id: str
    audio_end_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class SessionErrorReported:
    """The endpoint sent ``error``; after a fatal one the session is of no use."""

    NAME: ClassVar = "error"
    code: str
    message: str
    param: str
    fatal: bool
    at: float


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket is gone; always the last event."""

    NAME: ClassVar = "disconnected"
    close_code: int
    reason: str
    expected: bool
    at: float


SessionEvent: TypeAlias = (
    SessionConfigured
    | SpeechStarted
    | SpeechStopped
    | ResponseStarted
    | ResponseDone
    | AudioDelta
    | AudioDone
    | UserTranscript
    | AgentTranscriptDelta
    | AgentTranscript
    | ToolStarted
    | ToolEnded
    | HandedOff
    | ItemTruncated
    | SessionErrorReported
    | Disconnected
    | ConversationEvent
    | ConnectionEvent
)
