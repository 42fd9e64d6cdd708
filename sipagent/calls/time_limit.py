"""How long a call may last, and when its caller is warned.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from enum import Enum, auto


class TimeUp(Enum):
    """What is due."""

    WARN = auto()
    END = auto()


class TimeLimit:
    """Count down from the first word.

    Args:
        max_duration_s: How long the parties may talk.
        warn_before_s: How long before the end the caller is told; 0: never.
    """

    def __init__(self, max_duration_s: float, warn_before_s: float) -> None:
        self._max_s, self._before_s = max_duration_s, warn_before_s
        self._due: list[tuple[float, TimeUp]] = []

    def start(self, now: float) -> None:
        """Count from now on."""
        ends_at = now + self._max_s
        self._due = [(ends_at, TimeUp.END)]
        if 0 < self._before_s < self._max_s:
            self._due.append((ends_at - self._before_s, TimeUp.WARN))

    def deadline(self) -> float | None:
        """Return when :meth:`due` says something, or None."""
        return self._due[-1][0] if self._due else None

    def due(self, now: float) -> TimeUp | None:
        """Return what is due, once; the end makes a warning that is late needless."""
        found: TimeUp | None = None
        while self._due and now >= self._due[-1][0]:
            found = self._due.pop()[1]
        return found
