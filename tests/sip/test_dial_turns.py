"""Turns of calls that we place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.dial_turns import DialRate
from sipagent.sip.socket_budget import DIALS_PER_WINDOW, WINDOW_S


def test_dials_beyond_the_limit_wait_for_their_turn_and_not_for_long() -> None:
    rate = DialRate(2, longest_wait_s=1.0, window_s=WINDOW_S)
    waits = [rate.wait_s(now=10.0) for _ in range(6)]
    assert waits == [0.0, 0.0, WINDOW_S, WINDOW_S, None, None]
    assert rate.wait_s(now=11.0) == 0.5  # its turn is behind those that wait


def test_after_a_turn_that_was_late_those_before_it_may_have_been_late_too() -> None:
    rate = DialRate(2, longest_wait_s=1.0, window_s=WINDOW_S)
    assert [rate.wait_s(now=10.0) for _ in range(2)] == [0.0, 0.0]
    assert [rate.wait_s(now=11.5, was_late=True) for _ in range(3)] == [WINDOW_S, WINDOW_S, None]
    assert rate.wait_s(now=12.5) == WINDOW_S - 0.25


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_no_window_ever_sees_more_dials_than_the_limit(pauses: list[float]) -> None:
    rate, now, sent = DialRate(), 0.0, []
    for pause in pauses:
        now += pause
        wait_s = rate.wait_s(now=now)
        if wait_s is not None:
            sent.append(now + wait_s)
    for start in sent:  # a hair: sums of floats
        inside = sum(start <= at < start + WINDOW_S - 1e-6 for at in sent)
        assert inside <= DIALS_PER_WINDOW
