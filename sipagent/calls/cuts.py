"""Interruptions, as they are told: how much was heard, how soon it was silent, what was cut.

The last voiced frame of an answer that is cut off may still go out, so a cut is told a moment
later; and the endpoint says later still where it cut the item.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sipagent.audio.playout import Heard

from .facts import BargedIn, TruncateConfirmed

SETTLE_S = 0.06
"""How long after a flush the last voiced frame is surely out: a frame, its fade and a tick."""


@dataclass(frozen=True, slots=True)
class _Cut:
    head: Heard
    at: float
    settled_at: float


class Cuts:
    """Remember interruptions until they can be told."""

    def __init__(self) -> None:
        self._cuts: list[_Cut] = []
        self._heard_ms: dict[str, int] = {}

    def made(self, heard: Sequence[Heard], *, at: float, now: float) -> None:
        """Note that the caller took the floor.

        Args:
            heard: What had been heard of each item, the one being heard first.
            at: When.
            now: When what was queued was dropped.
        """
        if heard:
            self._heard_ms |= {item.item_id: item.heard_ms for item in heard}
            self._cuts.append(_Cut(heard[0], at, now + SETTLE_S))

    def deadline(self) -> float | None:
        """Return when :meth:`settled` has something to tell, or None."""
        return self._cuts[0].settled_at if self._cuts else None

    def settled(self, now: float, last_voiced_at: float | None) -> list[BargedIn]:
        """Return what can be told by now.

        Args:
            now: Or infinity, when no more frames go out.
            last_voiced_at: Of the leg; None if nothing was ever voiced.
        """
        told: list[BargedIn] = []
        while self._cuts and self._cuts[0].settled_at <= now:
            cut = self._cuts.pop(0)
            stop_ms = max(0, round(((last_voiced_at or cut.at) - cut.at) * 1000))
            told.append(BargedIn(cut.head.item_id, cut.head.heard_ms, stop_ms))
        return told

    def confirmed(self, item_id: str, audio_end_ms: int) -> TruncateConfirmed | None:
        """Return what is told of where the endpoint cut an item; None if it was not interrupted."""
        heard_ms = self._heard_ms.pop(item_id, None)
        return None if heard_ms is None else TruncateConfirmed(item_id, audio_end_ms - heard_ms)
