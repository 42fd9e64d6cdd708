"""When a request is made again: a playbook without a clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.attempts import (
    LONGEST_DELAY_S,
    AttemptFailed,
    AttemptLimits,
    Attempts,
)

BUSY = AttemptFailed(503)


def test_attempts_follow_ever_slower_until_there_are_no_more() -> None:
    attempts = Attempts(AttemptLimits(attempts=4), now=10.0)
    assert [attempts.failed(BUSY, now=10.0) for _ in range(4)] == [0.25, 0.5, 1.0, None]


@pytest.mark.parametrize("status", [0, 408, 409, 429, 500, 502, 503, 504, 529])
def test_what_passes_is_tried_again(status: int) -> None:
    assert Attempts(AttemptLimits(), now=0.0).failed(AttemptFailed(status), now=0.0) == 0.25


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410, 422])
def test_what_does_not_pass_is_given_up(status: int) -> None:
    assert Attempts(AttemptLimits(), now=0.0).failed(AttemptFailed(status), now=0.0) is None


@pytest.mark.parametrize(
    ("wanted_s", "waits_s"), [(0.0, 0.25), (2.0, 2.0), (60.0, LONGEST_DELAY_S)]
)
def test_the_far_end_may_ask_for_a_longer_pause_up_to_a_limit(
    wanted_s: float, waits_s: float
) -> None:
    failure = AttemptFailed(429, wanted_s)
    assert Attempts(AttemptLimits(), now=0.0).failed(failure, now=0.0) == waits_s


def test_what_could_only_be_done_too_late_is_given_up_at_once() -> None:
    attempts = Attempts(AttemptLimits(total_s=3.0), now=0.0)
    assert attempts.failed(BUSY, now=2.7) == 0.25
    assert attempts.failed(BUSY, now=2.7) is None


def test_an_attempt_may_take_no_longer_than_all_of_them() -> None:
    attempts = Attempts(AttemptLimits(attempt_s=5.0, total_s=12.0), now=100.0)
    assert attempts.allowed_s(now=100.0) == 5.0
    assert attempts.allowed_s(now=110.0) == 2.0
    assert attempts.allowed_s(now=113.0) == 0.0


failures = st.builds(
    AttemptFailed, st.integers(0, 599), st.none() | st.floats(0, 1e6, allow_nan=False)
)


@given(st.lists(st.tuples(failures, st.floats(0, 5)), max_size=12), st.integers(1, 6))
def test_no_row_of_failures_outlasts_the_limits(
    row: list[tuple[AttemptFailed, float]], most: int
) -> None:
    limits = AttemptLimits(attempts=most, attempt_s=5.0, total_s=15.0)
    attempts, now, made = Attempts(limits, now=0.0), 0.0, 0
    for failure, wanted_s in row:
        made += 1
        now += min(wanted_s, attempts.allowed_s(now=now))
        assert now <= limits.total_s
        delay_s = attempts.failed(failure, now=now)
        if delay_s is None:
            break
        assert 0 < delay_s <= LONGEST_DELAY_S
        now += delay_s
    assert made <= most
