"""When is a request made again, and when is it given up?

    a limit of ours or theirs, a busy or broken far end, nobody there   again, ever slower
    anything else it says                                               never again

The delay doubles, unless the far end says how long to wait (RFC 9110 section 10.2.3), which counts
up to a limit: a phone rings meanwhile. What could only be done too late is given up at once.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 4.0

PASSING_STATUSES = frozenset({408, 409, 429})
"""Those below 500 that may be another answer next time."""


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

    status: int = 0
    """HTTP status; 0: there was no answer."""
    retry_after_s: float | None = None
    """How long the far end wants to be left alone, if it says."""

    @property
    def is_passing(self) -> bool:
        """Whether another attempt may do it."""
        return self.status == 0 or self.status >= 500 or self.status in PASSING_STATUSES


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
        if not failure.is_passing or self._made >= self._limits.attempts:
            return None
        delay_s = FIRST_DELAY_S * 2.0 ** (self._made - 1)
        if failure.retry_after_s is not None:
            delay_s = max(delay_s, failure.retry_after_s)
        delay_s = min(delay_s, LONGEST_DELAY_S)
        return delay_s if now + delay_s < self._ends_at else None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return what ``Retry-After`` asks for: seconds, or a date, by the far end's own clock.

    Args:
        headers: Of the answer; names in any case.
    """
    wanted = headers.get("Retry-After", "").strip()
    if wanted.isascii() and wanted.isdecimal():
        return float(wanted)
    try:
        then = parsedate_to_datetime(wanted)
        said = parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (then - said).total_seconds())
    except (TypeError, ValueError):
        return None
