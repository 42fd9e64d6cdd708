"""When is a request made again, and when is it given up?

    a limit of ours or theirs, a busy or broken far end, nobody there   again, ever slower
    anything else it says                                               never again

The delay doubles, unless the far end says how long to wait (RFC 9110 section 10.2.3), which counts
up to a limit: a phone rings meanwhile. What could only be done too late is given up at once.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.agents.passing import NO_ANSWER, is_passing

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 4.0


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """How often and how long something is tried."""

    attempts: int = 4
    attempt_s: float = 5.0
    """What one of them may take."""
    total_s: float = 15.0
    """What all of them may take, with the pauses between them."""


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt did not do it."""

    status: int = NO_ANSWER
    """HTTP status."""
    retry_after_s: float | None = None
    """How long the far end wants to be left alone, if it says."""


class Attempts:
    """Decide on the attempts at one request; make none.

    Args:
        limits: Of all requests.
        now: The first is made now.
    """

    def __init__(self, limits: AttemptLimits, *, now: float) -> None:
        self._limits = limits
        self._made = 0
        self._ends_at = now + limits.total_s

    def allowed_s(self, *, now: float) -> float:
        """Return what an attempt begun now may take."""
        return max(0.0, min(self._limits.attempt_s, self._ends_at - now))

    def failed(self, failure: AttemptFailed, *, now: float) -> float | None:
        """Return how long to wait before the next attempt, None if there is to be none."""
        self._made += 1
        if not is_passing(failure.status) or self._made >= self._limits.attempts:
            return None
        delay_s = FIRST_DELAY_S * 2.0 ** (self._made - 1)
        if failure.retry_after_s is not None:
            delay_s = max(delay_s, failure.retry_after_s)
        delay_s = min(delay_s, LONGEST_DELAY_S)
        return delay_s if now + delay_s < self._ends_at else None
