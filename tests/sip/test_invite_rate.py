"""INVITEs that come too fast for PJSIP's sockets."""

from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.invite_rate import INVITES_PER_WINDOW, WINDOW_S, InviteRate


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
