"""May calls be forgotten by their age, or was the clock set? Pure.

Age is now less the beginning, so a clock that jumps forward, or a box that starts in the wrong
year, makes every call old at once. The store itself shows how time went by: calls begin in it, and
once a day the box notes that it looked (``looks``). More than ``MOST_UNSEEN_MS`` without either is
time that nobody saw: the clock was set, or the box was off, and nobody can tell which. While the
limit of age lies in such a gap, nothing is forgotten:

    calls, looks ......        gap        .. looks .. now
                 last       ^ limit       first
                              held

The limit moves on with the clock. Once it is behind the gap, the days that were seen since are as
many as calls are to be kept, so they are that old whatever the clock did. A box that was off for a
week keeps calls for up to a week longer.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000

MOST_UNSEEN_MS = 2 * DAY_MS
"""A box that runs notes each day that it does, and may be off over a day."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known to have happened nearest to the limit of age; Unix milliseconds."""

    last_ms: int | None
    """Before the limit; None: nothing."""
    first_ms: int | None
    """From the limit on until now; None: nothing."""


def unseen_gap_ms(seen: Seen, now_ms: int) -> tuple[int, int] | None:
    """Return between what moments nobody saw time go by; None: calls may be forgotten."""
    if seen.last_ms is None:
        return None
    first_ms = now_ms if seen.first_ms is None else seen.first_ms
    return (seen.last_ms, first_ms) if first_ms - seen.last_ms > MOST_UNSEEN_MS else None
