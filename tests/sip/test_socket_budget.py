"""No table of PJSIP's is ever asked for more than it has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.connection_gate import MOST_HELD
from sipagent.sip.handshakes import MOST_HANDSHAKES
from sipagent.sip.socket_budget import (
    INVITES_PER_WINDOW,
    MAX_MEDIA_SECTIONS,
    MOST_CALLS,
    MOST_CONNECTIONS,
    PLACES,
    SOCKETS_PER_SECTION,
    WINDOW_S,
    ConnectionBudget,
    MediaBudget,
    Share,
)

LISTENING, LET_IN, LET_IN_TO_TLS = 3, 5, 6


def test_everything_together_is_what_pjsip_has() -> None:
    calls = MOST_CALLS * MAX_MEDIA_SECTIONS * SOCKETS_PER_SECTION
    assert calls + SOCKETS_PER_SECTION * sum(share.value for share in Share) <= PLACES
    assert MOST_CONNECTIONS + LISTENING + LET_IN + LET_IN_TO_TLS <= PLACES
    assert MOST_HELD + MOST_HANDSHAKES < MOST_CONNECTIONS


def test_a_burst_is_admitted_up_to_the_limit_and_again_after_the_window() -> None:
    budget = MediaBudget()
    assert all(budget.admits(Share.INVITE, now=1.0) for _ in range(INVITES_PER_WINDOW))
    assert not budget.admits(Share.INVITE, now=1.0 + WINDOW_S - 0.01)
    assert budget.admits(Share.INVITE, now=1.0 + WINDOW_S)


def test_nobodys_share_is_anothers() -> None:
    budget = MediaBudget()
    while budget.admits(Share.INVITE, now=1.0):
        pass
    assert budget.admits(Share.DIAL, now=1.0) and budget.admits(Share.REFER, now=1.0)


def test_more_than_a_share_is_never_admitted() -> None:
    assert not MediaBudget().admits(Share.REFER, Share.REFER.value + 1, now=1.0)


@given(st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 4)), max_size=200))
def test_no_window_ever_holds_more_than_the_limit(offers: list[tuple[float, int]]) -> None:
    budget, now, admitted = MediaBudget(), 0.0, []
    for pause, sections in offers:
        now += pause
        if budget.admits(Share.INVITE, sections, now=now):
            admitted += [now] * sections
    for start in admitted:
        assert sum(start <= at < start + WINDOW_S for at in admitted) <= INVITES_PER_WINDOW


def test_connections_that_are_made_and_those_just_closed_count() -> None:
    budget = ConnectionBudget()
    budget.counted(MOST_CONNECTIONS - 2, now=1.0)
    assert budget.admits("192.0.2.1:5060", now=1.0) and budget.admits("192.0.2.2:5060", now=1.0)
    assert budget.admits("192.0.2.1:5060", now=1.0)  # the same one
    assert not budget.admits("192.0.2.3:5060", now=1.0)
    budget.counted(MOST_CONNECTIONS, now=2.0)
    assert not budget.admits("192.0.2.3:5060", now=2.0)
    budget.counted(1, now=3.0)
    assert not budget.admits("192.0.2.3:5060", now=3.0 + WINDOW_S - 0.01)
    assert budget.admits("192.0.2.3:5060", now=3.0 + WINDOW_S)
