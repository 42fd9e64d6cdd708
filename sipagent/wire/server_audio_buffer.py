"""Events about the two audio buffers (Realtime: server events, ``*_audio_buffer.*``).

The input buffer is the caller's audio before it is an item. The output buffer exists only where
the server plays the audio itself (WebRTC and SIP).
"""

from __future__ import annotations

from typing import ClassVar

from .events import Event


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


class InputAudioBufferDtmfEventReceived(Event):
    """The caller pressed a key; the one server event that has no ``event_id``."""

    TYPE: ClassVar[str] = "input_audio_buffer.dtmf_event_received"
    event: str
    """``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``."""
    received_at: int
    """Unix seconds."""


class _OutputAudioBuffer(Event):
    response_id: str


class OutputAudioBufferStarted(_OutputAudioBuffer):
    """The server began to play a response."""

    TYPE: ClassVar[str] = "output_audio_buffer.started"


class OutputAudioBufferStopped(_OutputAudioBuffer):
    """A response was played to its end; comes after ``response.done``."""

    TYPE: ClassVar[str] = "output_audio_buffer.stopped"


class OutputAudioBufferCleared(_OutputAudioBuffer):
    """What was not played of a response was dropped, by the caller's voice or the client."""

    TYPE: ClassVar[str] = "output_audio_buffer.cleared"
