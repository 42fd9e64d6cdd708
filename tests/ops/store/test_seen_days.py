"""Calls are not forgotten because a clock was set."""

from __future__ import annotations

import pytest

from sipagent.ops.store.seen_days import DAY_MS, MOST_UNSEEN_MS, Seen, unseen_gap_ms

NOW = 1_000 * DAY_MS


def days(*before_now: float | None) -> list[int | None]:
    return [None if each is None else round(NOW - each * DAY_MS) for each in before_now]


@pytest.mark.parametrize(
    ("last_days_ago", "first_days_ago", "is_held"),
    [
        pytest.param(30.5, 29.5, False, id="a box that looks every day"),
        pytest.param(31.0, 29.1, False, id="off over a day"),
        pytest.param(40.0, 29.9, True, id="off for ten days, or set forward"),
        pytest.param(3_650.0, 29.9, True, id="set forward by years, a month ago"),
        pytest.param(3_650.0, None, True, id="set forward by years, just now"),
        pytest.param(30.0, None, True, id="nothing since, and the box did not run"),
        pytest.param(None, 12.0, False, id="nothing is so old"),
        pytest.param(None, None, False, id="nothing at all"),
    ],
)
def test_calls_are_kept_while_their_limit_lies_where_nobody_saw_time_go_by(
    last_days_ago: float | None, first_days_ago: float | None, *, is_held: bool
) -> None:
    last_ms, first_ms = days(last_days_ago, first_days_ago)
    gap = unseen_gap_ms(Seen(last_ms, first_ms), NOW)
    assert gap == ((last_ms, first_ms or NOW) if is_held else None)


def test_a_gap_may_be_just_so_long() -> None:
    assert unseen_gap_ms(Seen(NOW - MOST_UNSEEN_MS, None), NOW) is None
    assert unseen_gap_ms(Seen(NOW - MOST_UNSEEN_MS - 1, None), NOW) is not None
