"""INVITEs that come too fast for PJSIP's sockets."""

from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.invite_rate import (
    DIALS_PER_WINDOW,
    INVITES_PER_WINDOW,
    WINDOW_S,
    DialRate,
    InviteRate,
)


def test_a_burst_is_admitted_up_to_the_limit_and_again_after_the_window() -> None:
    rate = InviteRate()
    assert all(rate.admits(now=1.0) for _ in range(INVITES_PER_WINDOW))
    assert not rate.admits(now=1.0 + WINDOW_S - 0.01)
    assert rate.admits(now=1.0 + WINDOW_S)


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_no_window_ever_holds_more_than_the_limit(pauses: list[float]) -> None:
    rate, now, admitted = InviteRate(), 0.0, []
    for pause in pauses:
        now += pause
        if rate.admits(now=now):
            admitted.append(now)
    for start in admitted:
        assert sum(start <= at < start + WINDOW_S for at in admitted) <= INVITES_PER_WINDOW


def test_another_number_of_them_may_be_admitted() -> None:
    rate = InviteRate(2)
    assert [rate.admits(now=0.0) for _ in range(3)] == [True, True, False]


def test_dials_beyond_the_limit_wait_for_their_turn_and_not_for_long() -> None:
    rate = DialRate(2, longest_wait_s=1.0)
    waits = [rate.wait_s(now=10.0) for _ in range(6)]
    assert waits == [0.0, 0.0, WINDOW_S, WINDOW_S, None, None]
    assert rate.wait_s(now=11.0) == 0.5  # its turn is behind those that wait


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
