"""Decides when a process that says nothing is given up.

Its silence counts only while somebody listened. Where the whole machine, or the container, was
paused, it could not speak and we could not hear; both go on at the same moment, and whoever comes
first must not take it for dead, since its calls are still there.
"""

from __future__ import annotations

PAUSED_S = 1.0
"""Who looks later than this was paused itself."""


class Silence:
    """How long one process has said nothing.

    Args:
        start_limit_s: How long it may say nothing until it is ready.
        limit_s: How long from then on.
        now: It is started.
    """

    def __init__(self, *, start_limit_s: float, limit_s: float, now: float) -> None:
        self._start_limit_s, self._limit_s = start_limit_s, limit_s
        self._heard_at = self._look_at = now
        self._is_ready = False

    def heard(self, *, is_ready: bool, now: float) -> None:
        """It said something."""
        self._heard_at, self._is_ready = now, is_ready

    def look_again_at(self, *, now: float) -> float:
        """Return when to look again; what is heard meanwhile may make that too early."""
        # One that gets ready meanwhile has less time from then on.
        self._look_at = min(self._deadline(), now + self._limit_s)
        return self._look_at

    def is_too_long(self, *, now: float) -> bool:
        """Tell whether it is to be given up."""
        if now > self._look_at + PAUSED_S:
            self._heard_at = now
        return now >= self._deadline()

    def _deadline(self) -> float:
        return self._heard_at + (self._limit_s if self._is_ready else self._start_limit_s)
