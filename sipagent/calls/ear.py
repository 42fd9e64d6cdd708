"""What a test caller hears: spans of voice and of silence, frame by frame.

No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.audio.frames import FRAME_MS, Pcm
from sipagent.audio.level import dbov

VOICED_DBOV = -45.0
"""Above any codec's idle noise, well below any voice."""

BRIDGED_MS = 300
"""Pauses between words that do not end a span."""


@dataclass(slots=True)
class Span:
    """Voice heard without a longer pause; times in monotonic seconds."""

    started_at: float
    ended_at: float
    voiced_ms: int = FRAME_MS


class Ear:
    """Tell voice from silence in received frames."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.voiced_ms = 0
        self.heard_until: float | None = None

    def hear(self, frame: Pcm, *, now: float) -> None:
        """Take one frame of 20 ms that arrived at ``now``."""
        self.heard_until = now
        if dbov(frame) < VOICED_DBOV:
            return
        self.voiced_ms += FRAME_MS
        last = self.spans[-1] if self.spans else None
        if last is not None and now - last.ended_at <= BRIDGED_MS / 1000:
            last.ended_at = now
            last.voiced_ms += FRAME_MS
        else:
            self.spans.append(Span(now, now))

    def silent_s(self, *, now: float) -> float:
        """Return for how long nothing was heard; since ever if nothing ever was."""
        return now - self.spans[-1].ended_at if self.spans else float("inf")

    def voiced_between(self, start: float, end: float) -> float:
        """Return how many seconds of the time from ``start`` to ``end`` lie inside a span."""
        return sum(
            max(0.0, min(end, span.ended_at) - max(start, span.started_at)) for span in self.spans
        )
