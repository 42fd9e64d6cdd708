"""When is a request made again?

    a connection that failed, a busy or broken endpoint   again, ever slower
    anything else it says                                 never again

The delay doubles, unless the endpoint says how long to wait (RFC 9110 section 10.2.3). If that is
longer than anybody would wait, the request is given up at once.

No I/O, no clock, no chance.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.agents.passing import NO_ANSWER, is_passing
from sipagent.errors import ModelError

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
JITTER = 0.25
"""Share of a delay by which it is shortened at most, so that many clients do not come at once."""


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt did not do it."""

    error: ModelError
    """What is raised if there is to be no other."""
    status: int = NO_ANSWER
    """HTTP status of the answer."""
    retry_after_s: float | None = None
    """How long the endpoint wants to be left alone, if it says."""


class Retries:
    """Decide on the attempts at one request; make none.

    Args:
        most: How many there may be after the first attempt.
        longest_retry_after_s: How long the endpoint may want to be left alone.
    """

    def __init__(self, most: int, longest_retry_after_s: float) -> None:
        self._left, self._longest_s = most, longest_retry_after_s
        self._delay_s = FIRST_DELAY_S

    def delay_s(self, failed: AttemptFailed, *, chance: float) -> float | None:
        """Return how long to wait before the next attempt, None if there is to be none.

        Args:
            failed: The last one.
            chance: From 0 to 1, of the jitter.
        """
        wanted_s = failed.retry_after_s
        if not is_passing(failed.status) or not self._left:
            return None
        if wanted_s is not None and wanted_s > self._longest_s:
            return None
        self._left -= 1
        delay_s = self._delay_s * (1 - JITTER * chance)
        self._delay_s = min(self._delay_s * 2, LONGEST_DELAY_S)
        return delay_s if wanted_s is None else wanted_s
