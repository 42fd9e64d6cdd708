"""Events about the conversation and its items (Realtime: server events, ``conversation.*``)."""

from __future__ import annotations

from typing import ClassVar

from .events import Event, Json


class ConversationCreated(Event):
    """There is a conversation; servers that greet with ``session.created`` alone are right too."""

    TYPE: ClassVar[str] = "conversation.created"
    conversation: Json


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
    logprobs: list[Json] | None = None
    obfuscation: str | None = None
    """Padding against guessing the text from the size of messages; says nothing."""


class InputAudioTranscriptionCompleted(Event):
    """A caller's transcript, whole."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.completed"
    item_id: str
    content_index: int
    transcript: str
    usage: Json
    logprobs: list[Json] | None = None
    languages: list[Json] | None = None


class InputAudioTranscriptionFailed(Event):
    """There is no transcript; the item stays."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.failed"
    item_id: str
    content_index: int
    error: Json


class InputAudioTranscriptionSegment(Event):
    """What one speaker said; only of models that tell speakers apart."""

    TYPE: ClassVar[str] = "conversation.item.input_audio_transcription.segment"
    item_id: str
    content_index: int
    id: str
    text: str
    speaker: str
    start: float
    """Seconds into the item's audio."""
    end: float
    """Seconds into the item's audio."""
