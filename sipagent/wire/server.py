"""Events the server sends (Realtime: server events), with every field its clients require."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict

from .events import Event, Json, UnknownEvent


class ErrorDetail(BaseModel):
    """What went wrong, and with which client event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = "invalid_request_error"
    message: str
    code: str | None = None
    param: str | None = None
    event_id: str | None = None


class ErrorEvent(Event):
    """Most errors are recoverable; the socket stays open."""

    TYPE: ClassVar[str] = "error"
    error: ErrorDetail


class SessionCreated(Event):
    """Always the first event."""

    TYPE: ClassVar[str] = "session.created"
    session: Json


class SessionUpdated(Event):
    """The whole configuration in effect."""

    TYPE: ClassVar[str] = "session.updated"
    session: Json


class ConversationItemAdded(Event):
    """An item is in the conversation; its content may be incomplete."""

    TYPE: ClassVar[str] = "conversation.item.added"
    item: Json
    previous_item_id: str | None = None


class ConversationItemDone(Event):
    """An item is final."""

    TYPE: ClassVar[str] = "conversation.item.done"
    item: Json
    previous_item_id: str | None = None


class ConversationItemRetrieved(Event):
    """The item that was asked for."""

    TYPE: ClassVar[str] = "conversation.item.retrieved"
    item: Json


class ConversationItemTruncated(Event):
    """An assistant's audio was cut, and its transcript dropped."""

    TYPE: ClassVar[str] = "conversation.item.truncated"
    item_id: str
    content_index: int
    audio_end_ms: int


class ConversationItemDeleted(Event):
    """An item was removed."""

    TYPE: ClassVar[str] = "conversation.item.deleted"
    item_id: str


class InputAudioTranscriptionDelta(Event):
    """A piece of a caller's transcript."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.delta"
    item_id: str
    content_index: int = 0
    delta: str = ""


class InputAudioTranscriptionCompleted(Event):
    """A caller's transcript, whole."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.completed"
    item_id: str
    content_index: int
    transcript: str
    usage: Json


class InputAudioTranscriptionFailed(Event):
    """There is no transcript; the item stays."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.failed"
    item_id: str
    content_index: int
    error: Json


class InputAudioBufferCommitted(Event):
    """The buffer became a user item."""

    TYPE: ClassVar[str] = "input_audio_buffer.committed"
    item_id: str
    previous_item_id: str | None = None


class InputAudioBufferCleared(Event):
    """The buffer was dropped."""

    TYPE: ClassVar[str] = "input_audio_buffer.cleared"


class InputAudioBufferSpeechStarted(Event):
    """Milliseconds count all audio received, less the prefix padding."""

    TYPE: ClassVar[str] = "input_audio_buffer.speech_started"
    audio_start_ms: int
    item_id: str


class InputAudioBufferSpeechStopped(Event):
    """The end includes the silence that proved it."""

    TYPE: ClassVar[str] = "input_audio_buffer.speech_stopped"
    audio_end_ms: int
    item_id: str


class InputAudioBufferTimeoutTriggered(Event):
    """Nobody spoke for ``idle_timeout_ms`` after the last answer was heard."""

    TYPE: ClassVar[str] = "input_audio_buffer.timeout_triggered"
    audio_start_ms: int
    audio_end_ms: int
    item_id: str


class RateLimitsUpdated(Event):
    """What is left of the quota."""

    TYPE: ClassVar[str] = "rate_limits.updated"
    rate_limits: list[Json]


class ResponseCreated(Event):
    """Inference began."""

    TYPE: ClassVar[str] = "response.created"
    response: Json


class ResponseDone(Event):
    """Always the last event of a response."""

    TYPE: ClassVar[str] = "response.done"
    response: Json


class _OutputItem(Event):
    response_id: str
    output_index: int
    item: Json


class ResponseOutputItemAdded(_OutputItem):
    """An item of the answer begins."""

    TYPE: ClassVar[str] = "response.output_item.added"


class ResponseOutputItemDone(_OutputItem):
    """An item of the answer is final, interrupted or not."""

    TYPE: ClassVar[str] = "response.output_item.done"


class _Content(Event):
    response_id: str
    item_id: str
    output_index: int
    content_index: int


class ResponseContentPartAdded(_Content):
    """A part of an item begins."""

    TYPE: ClassVar[str] = "response.content_part.added"
    part: Json


class ResponseContentPartDone(_Content):
    """A part of an item is final."""

    TYPE: ClassVar[str] = "response.content_part.done"
    part: Json


class ResponseOutputTextDelta(_Content):
    """Text, in text mode."""

    TYPE: ClassVar[str] = "response.output_text.delta"
    delta: str


class ResponseOutputTextDone(_Content):
    """Text, whole."""

    TYPE: ClassVar[str] = "response.output_text.done"
    text: str


class ResponseOutputAudioTranscriptDelta(_Content):
    """What is being said; runs ahead of what is heard."""

    TYPE: ClassVar[str] = "response.output_audio_transcript.delta"
    delta: str


class ResponseOutputAudioTranscriptDone(_Content):
    """What was said, whole."""

    TYPE: ClassVar[str] = "response.output_audio_transcript.done"
    transcript: str


class ResponseOutputAudioDelta(_Content):
    """Sound in the session's output format, base64."""

    TYPE: ClassVar[str] = "response.output_audio.delta"
    delta: str


class ResponseOutputAudioDone(_Content):
    """No more sound comes for the part; it may be far from heard."""

    TYPE: ClassVar[str] = "response.output_audio.done"


class ResponseFunctionCallArgumentsDelta(Event):
    """A piece of a call's arguments."""

    TYPE: ClassVar[str] = "response.function_call_arguments.delta"
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    delta: str


class ResponseFunctionCallArgumentsDone(Event):
    """A call's arguments, whole."""

    TYPE: ClassVar[str] = "response.function_call_arguments.done"
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    name: str
    arguments: str


SERVER_EVENT_CLASSES = (
    ErrorEvent,
    SessionCreated,
    SessionUpdated,
    ConversationItemAdded,
    ConversationItemDone,
    ConversationItemRetrieved,
    ConversationItemTruncated,
    ConversationItemDeleted,
    InputAudioTranscriptionDelta,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionFailed,
    InputAudioBufferCommitted,
    InputAudioBufferCleared,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
    RateLimitsUpdated,
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputAudioDelta,
    ResponseOutputAudioDone,
    ResponseFunctionCallArgumentsDelta,
    ResponseFunctionCallArgumentsDone,
)

ServerEvent: TypeAlias = (
    ErrorEvent
    | SessionCreated
    | SessionUpdated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemDeleted
    | InputAudioTranscriptionDelta
    | InputAudioTranscriptionCompleted
    | InputAudioTranscriptionFailed
    | InputAudioBufferCommitted
    | InputAudioBufferCleared
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | InputAudioBufferTimeoutTriggered
    | RateLimitsUpdated
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | UnknownEvent
)

SERVER_EVENTS: dict[str, type[Event]] = {each.TYPE: each for each in SERVER_EVENT_CLASSES}

BETA_NAMES = {
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "conversation.item.created": "conversation.item.added",
}
"""Names of the protocol's beta, understood on input."""
