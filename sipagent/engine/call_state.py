"""The life of a phone call at the engine, and what may be asked of it when. Pure.

Realtime: ``POST /v1/realtime/calls/{call_id}/accept``, ``/reject``, ``/refer``, ``/hangup``.
"""

from __future__ import annotations

from enum import Enum, auto

from sipagent.errors import CallGone


class CallState(Enum):
    """Where a call is in its life."""

    PENDING = auto()
    """It rings, and somebody has to decide."""
    ACCEPTED = auto()
    """It has a session."""
    ENDED = auto()


class CallStep(Enum):
    """What is asked of a call, or happens to it."""

    ACCEPT = "accepted"
    REJECT = "rejected"
    REFER = "referred"
    HANG_UP = "hung up"
    LEG_ENDED = "over"


TRANSITIONS: dict[tuple[CallState, CallStep], CallState] = {
    (CallState.PENDING, CallStep.ACCEPT): CallState.ACCEPTED,
    (CallState.PENDING, CallStep.REJECT): CallState.ENDED,
    (CallState.PENDING, CallStep.REFER): CallState.ENDED,
    (CallState.PENDING, CallStep.HANG_UP): CallState.ENDED,
    (CallState.PENDING, CallStep.LEG_ENDED): CallState.ENDED,
    # The caller stays until the other end has them.
    (CallState.ACCEPTED, CallStep.REFER): CallState.ACCEPTED,
    (CallState.ACCEPTED, CallStep.HANG_UP): CallState.ENDED,
    (CallState.ACCEPTED, CallStep.LEG_ENDED): CallState.ENDED,
    # We hung up before; the leg has seen it through.
    (CallState.ENDED, CallStep.LEG_ENDED): CallState.ENDED,
}


class CallConflictError(Exception):
    """A call has gone on since, and this cannot be asked of it any more."""


def advance(state: CallState, step: CallStep) -> CallState:
    """Return the state after ``step``.

    Raises:
        CallGone: If the call is over.
        CallConflictError: If it has been decided otherwise.
    """
    after = TRANSITIONS.get((state, step))
    if after is not None:
        return after
    if state is CallState.ENDED:
        raise CallGone("the call is over")
    raise CallConflictError(f"the call cannot be {step.value}: it was accepted before")
