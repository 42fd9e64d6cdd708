from __future__ import annotations

import pytest

from sipagent.errors import InvalidTransition
from sipagent.sip.events import Confirmed, Disconnected, Progressed, SipEvent
from sipagent.sip.states import TRANSITIONS, LegState, advance

GONE = Disconnected(200, "Normal call clearing", by_peer=True)


def test_an_answered_leg_rings_then_talks_then_ends() -> None:
    state = advance(LegState.RINGING, Progressed(180))
    assert state is LegState.EARLY
    assert advance(state, Progressed(183)) is LegState.EARLY
    state = advance(state, Confirmed())
    assert state is LegState.ANSWERED
    assert advance(state, GONE) is LegState.ENDED


@pytest.mark.parametrize("state", [state for state in LegState if state is not LegState.ENDED])
def test_every_leg_can_end(state: LegState) -> None:
    assert advance(state, GONE) is LegState.ENDED


@pytest.mark.parametrize("event", [Progressed(180), Confirmed(), GONE])
def test_nothing_follows_the_end(event: SipEvent) -> None:
    with pytest.raises(InvalidTransition, match=f"{type(event).__name__} while ENDED"):
        advance(LegState.ENDED, event)


def test_no_row_leaves_the_end() -> None:
    assert LegState.ENDED not in {state for state, _ in TRANSITIONS}
