"""What may be asked of a call, and when."""

from __future__ import annotations

import pytest

from sipagent.engine.call_state import (
    TRANSITIONS,
    CallConflictError,
    CallState,
    CallStep,
    advance,
)
from sipagent.errors import CallGone

DECISIONS = [step for step in CallStep if step is not CallStep.LEG_ENDED]


def test_a_call_is_accepted_referred_and_hung_up() -> None:
    state = advance(CallState.PENDING, CallStep.ACCEPT)
    assert state is CallState.ACCEPTED
    assert advance(state, CallStep.REFER) is CallState.ACCEPTED
    assert advance(state, CallStep.HANG_UP) is CallState.ENDED


@pytest.mark.parametrize("step", [each for each in CallStep if each is not CallStep.ACCEPT])
def test_anything_but_accepting_ends_a_call_that_waits(step: CallStep) -> None:
    assert advance(CallState.PENDING, step) is CallState.ENDED


@pytest.mark.parametrize("step", [CallStep.ACCEPT, CallStep.REJECT])
def test_an_accepted_call_cannot_be_decided_again(step: CallStep) -> None:
    with pytest.raises(CallConflictError, match=step.value):
        advance(CallState.ACCEPTED, step)


@pytest.mark.parametrize("step", DECISIONS)
def test_of_a_call_that_is_over_nothing_can_be_asked(step: CallStep) -> None:
    with pytest.raises(CallGone):
        advance(CallState.ENDED, step)


@pytest.mark.parametrize("state", CallState)
def test_a_caller_may_be_gone_at_any_time(state: CallState) -> None:
    assert TRANSITIONS[state, CallStep.LEG_ENDED] is CallState.ENDED
