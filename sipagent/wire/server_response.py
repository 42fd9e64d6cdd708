"""Events of one response, from begin to end (Realtime: server events, ``response.*``)."""

from __future__ import annotations

from typing import ClassVar

from .events import Event, Json


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
