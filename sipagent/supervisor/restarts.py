"""When to start again what ended. Pure."""

from __future__ import annotations

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 10.0
STABLE_S = 30.0
"""Having run this long, a process is trusted again."""


class RestartPolicy:
    """Double the delay at each end, forget it after a stable while."""

    def __init__(self) -> None:
        self._delay_s = FIRST_DELAY_S
        self._started_at = 0.0

    def started(self, *, now: float) -> None:
        """Note a start."""
        self._started_at = now

    def ended(self, *, now: float) -> float:
        """Note an end; return after how many seconds to start again."""
        if now - self._started_at >= STABLE_S:
            self._delay_s = FIRST_DELAY_S
        delay_s = self._delay_s
        self._delay_s = min(LONGEST_DELAY_S, 2 * delay_s)
        return delay_s
