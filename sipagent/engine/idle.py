"""When has nobody spoken for so long that the agent should ask? Pure.

    response begins        nothing is due
    response ends          due ``timeout_ms`` after its audio was heard, played without a break
    playing                nothing is due; ``timeout_ms`` count from its end
    caller speaks          not due until the next response has ended
    due                    fires once

A client plays what it has received in its own time, so the engine can only estimate when an answer
was heard; what the engine plays itself, it knows. No I/O, no clock: ``now`` is monotonic seconds.
Realtime: ``turn_detection.idle_timeout_ms``.
"""

from __future__ import annotations


class Idle:
    """Decide when the caller has been silent for too long."""

    def __init__(self) -> None:
        self._timeout_ms: int | None = None
        self._is_responding = False
        self._is_armed = False
        self._is_speaking = False
        self._is_playing = False
        self._audio_began: float | None = None
        self.heard_at = 0.0
        """When the last audio is, or was, heard to its end."""

    def configure(self, timeout_ms: int | None) -> None:
        """Take another timeout; None: never."""
        self._timeout_ms = timeout_ms

    def response_began(self) -> None:
        """Note that an answer is made."""
        self._is_responding, self._audio_began = True, None

    def audio_began(self, *, now: float) -> None:
        """Note that the answer's first audio was sent."""
        if self._audio_began is None:
            self._audio_began = max(now, self.heard_at)

    def response_ended(self, audio_ms: int, *, now: float, is_cut: bool) -> None:
        """Note that an answer is made, and how long it is; one that was cut is heard no more."""
        began = now if self._audio_began is None else self._audio_began
        self.heard_at = now if is_cut else max(now, began + audio_ms / 1000)
        self._is_responding, self._is_armed = False, not self._is_speaking

    def playing(self, is_playing: bool, *, now: float) -> None:
        """Note whether the engine plays something itself."""
        if self._is_playing and not is_playing:
            self.heard_at = now
        self._is_playing = is_playing

    def speech_began(self) -> None:
        """Note that the caller speaks."""
        self._is_speaking, self._is_armed = True, False

    def speech_ended(self) -> None:
        """Note that the caller has ended."""
        self._is_speaking = False

    def deadline(self) -> float | None:
        """Return when ``fire`` is due, or None."""
        if self._is_responding or self._is_playing:
            return None
        if self._timeout_ms is None or not self._is_armed:
            return None
        return self.heard_at + self._timeout_ms / 1000

    def fire(self) -> None:
        """Note that the timeout was told; the next answer starts it again."""
        self._is_armed = False
