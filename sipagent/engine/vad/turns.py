"""Turns: where the caller's speech starts and ends. Pure; time is counted in audio received.

    QUIET     --probable and loud-->             SPEAKING   speech_started, less the padding
    SPEAKING  --silence_duration_ms of less-->   QUIET      speech_stopped
    SPEAKING  --stop-->                          QUIET      the client took or dropped the audio

It can take a second of speech until it is probable, by how the voice lies in the chunks. So a turn
begins where it grew loud, and the words that gave no proof are not lost.

Realtime: ``turn_detection`` of type ``server_vad`` and ``semantic_vad``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CONTINUE_MARGIN = 0.15
"""Speech that has begun goes on at this much less probability."""

CONFIRM_CHUNKS = 2
"""Loud, probable chunks that make a start: one alone is a click."""

GAP_CHUNKS = 4
"""Quiet chunks inside a word or between two, as before a plosive; more end what was loud."""

MOST_LOUD_MS = 1_200
"""How far back a turn may begin: what is loud for longer was noise first."""

EAGERNESS_SILENCE_MS = {"low": 1_200, "medium": 700, "auto": 700, "high": 350}


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """When speech starts and ends."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    creates_response: bool = True
    interrupts_response: bool = True

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> TurnSettings:
        """Read a validated ``turn_detection`` object."""
        creates = bool(wire.get("create_response", True))
        interrupts = bool(wire.get("interrupt_response", True))
        if wire["type"] == "semantic_vad":
            silence_ms = EAGERNESS_SILENCE_MS[wire.get("eagerness", "auto")]
            return cls(0.5, 300, silence_ms, creates, interrupts)
        return cls(
            float(wire.get("threshold", 0.5)),
            int(wire.get("prefix_padding_ms", 300)),
            int(wire.get("silence_duration_ms", 500)),
            creates,
            interrupts,
        )


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """Speech began; milliseconds of audio received, padding taken off."""

    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """Speech ended; milliseconds of audio received, the silence included."""

    audio_end_ms: int


class TurnDetector:
    """Find turns in a stream of chunks.

    Args:
        settings: When speech starts and ends.
        chunk_ms: Duration of each chunk.
    """

    def __init__(self, settings: TurnSettings, chunk_ms: int) -> None:
        self.settings = settings
        self._chunk_ms = chunk_ms
        self._probable = 0
        self._quiet_ms = 0
        self._loud_since_ms: int | None = None
        self._gap = 0
        self.is_speaking = False

    def feed(
        self, probability: float, is_loud: bool, *, audio_ms: int
    ) -> TurnStarted | TurnEnded | None:
        """Take one chunk that ends at ``audio_ms``; return what it changed."""
        threshold = self.settings.threshold - (CONTINUE_MARGIN if self.is_speaking else 0.0)
        is_speech = probability >= threshold and is_loud
        self._note_loudness(is_loud, audio_ms)
        if self.is_speaking:
            self._quiet_ms = 0 if is_speech else self._quiet_ms + self._chunk_ms
            if is_speech or self._quiet_ms < self.settings.silence_duration_ms:
                return None
            self.stop()
            return TurnEnded(audio_ms)
        self._probable = self._probable + 1 if is_speech else 0
        if self._probable < CONFIRM_CHUNKS:
            return None
        self.is_speaking, self._quiet_ms = True, 0
        assert self._loud_since_ms is not None
        began_ms = max(self._loud_since_ms, audio_ms - MOST_LOUD_MS)
        return TurnStarted(max(0, began_ms - self.settings.prefix_padding_ms))

    def stop(self) -> None:
        """Forget the turn under way; speech that goes on starts another."""
        self.is_speaking, self._probable, self._loud_since_ms = False, 0, None

    def _note_loudness(self, is_loud: bool, audio_ms: int) -> None:
        self._gap = 0 if is_loud else self._gap + 1
        if self._gap > GAP_CHUNKS:
            self._loud_since_ms = None
        elif is_loud and self._loud_since_ms is None:
            self._loud_since_ms = audio_ms - self._chunk_ms
