"""Which failures of an HTTP request pass, and how long the far end wants to be left alone.

    a connection that failed, a busy or broken far end   may be another answer next time
    anything else it says                                will not

No I/O, no clock. RFC 9110 sections 10.2.3 and 15.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite

NO_ANSWER = 0
"""In place of an HTTP status: the connection failed."""

PASSING_STATUSES = frozenset({408, 409, 429})
"""Those below 500 that may be another answer next time."""


def is_passing(status: int) -> bool:
    """Tell whether another attempt may do it."""
    return status == NO_ANSWER or status >= 500 or status in PASSING_STATUSES


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return what the far end asks for: milliseconds, seconds, or a date by its own clock.

    Args:
        headers: Of the answer; names in any case.
    """
    wanted_ms = _number(headers.get("retry-after-ms"))
    if wanted_ms is not None:
        return wanted_ms / 1000
    wanted = headers.get("retry-after")
    wanted_s = _number(wanted)
    if wanted_s is not None:
        return wanted_s
    try:
        then = parsedate_to_datetime(wanted or "")
        said = parsedate_to_datetime(headers.get("date") or "")
        return max(0.0, (then - said).total_seconds())
    except (TypeError, ValueError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None
