"""How many of something may pass per second. Pure: ``now`` is monotonic seconds."""

from __future__ import annotations


class TokenBucket:
    """Admit ``per_second`` in the long run, and ``burst`` at once.

    Args:
        per_second: Tokens that come back each second.
        burst: Most there are; the bucket starts full.
    """

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._tokens = burst
        self._filled_at: float | None = None

    def admits(self, *, now: float) -> bool:
        """Tell whether one more may pass at ``now``; if so, count it."""
        if self._filled_at is not None:
            grown = max(0.0, now - self._filled_at) * self._per_second
            self._tokens = min(self._burst, self._tokens + grown)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
