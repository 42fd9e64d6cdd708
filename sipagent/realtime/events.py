"""What a session tells. Past tense, frozen; ``at`` is monotonic seconds of receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """The endpoint confirmed a configuration."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The endpoint's VAD heard the caller."""

    item_id: str
    audio_start_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The endpoint's VAD ended the caller's turn."""

    item_id: str
    audio_end_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """Inference began."""

    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """Inference ended."""

    response_id: str
    status: str
    reason: str
    error_code: str
    usage: TokenUsage
    at: float


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one response."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """Agent audio in the session's output format."""

    response_id: str
    item_id: str
    content_index: int
    audio: bytes
    at: float


@dataclass(frozen=True, slots=True)
class AudioDone:
    """No more audio comes for the item's part."""

    response_id: str
    item_id: str
    content_index: int
    at: float


@dataclass(frozen=True, slots=True)
class UserTranscript:
    """What the caller said; may come long after the answer to it."""

    item_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentTranscriptDelta:
    """A piece of what the agent says; runs ahead of the audio."""

    response_id: str
    item_id: str
    delta: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentTranscript:
    """What the agent says, whole."""

    response_id: str
    item_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool runs."""

    tool_call_id: str
    name: str
    arguments: str
    at: float


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool's output was sent."""

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

    from_agent: str
    to_agent: str
    at: float


@dataclass(frozen=True, slots=True)
class ItemTruncated:
    """The endpoint cut an item where it was told to."""

    item_id: str
    audio_end_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class SessionErrorReported:
    """The endpoint sent ``error``; after a fatal one the session is of no use."""

    code: str
    message: str
    param: str
    fatal: bool
    at: float


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket is gone; always the last event."""

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
)
