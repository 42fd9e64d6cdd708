"""The figures of a leg over all its streams: PJSIP counts each from 0. Pure.

A re-INVITE, a resume, or somebody else in the caller's place has a new stream.
"""

from __future__ import annotations

from dataclasses import replace

from .events import LineStats

_COUNTED = (
    "packets_in",
    "packets_out",
    "lost_in",
    "lost_out",
    "discarded_in",
    "reports_in",
    "empty_frames",
)


class StreamFigures:
    """Add up what was counted; of what is a mean, the latest stream's stands."""

    def __init__(self) -> None:
        self._before, self._latest = LineStats(), LineStats()

    def add(self, stats: LineStats) -> LineStats:
        """Return the figures of the leg, given those of the stream there is now."""
        latest = self._latest
        if stats.packets_in < latest.packets_in or stats.packets_out < latest.packets_out:
            self._before = _sum(self._before, latest)
        self._latest = stats
        return _sum(stats, self._before)


def _sum(stats: LineStats, more: LineStats) -> LineStats:
    counts = {name: getattr(stats, name) + getattr(more, name) for name in _COUNTED}
    return replace(stats, **counts)
