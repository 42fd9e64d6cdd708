"""The life of a leg as data; ``sip.call`` may only ask :func:`advance`."""

from __future__ import annotations

from enum import Enum, auto

from sipagent.errors import InvalidTransition

from .events import Confirmed, Disconnected, Progressed, SipEvent


class LegState(Enum):
    """Where a leg is in its life."""

    RINGING = auto()
    EARLY = auto()
    ANSWERED = auto()
    ENDED = auto()


TRANSITIONS: dict[tuple[LegState, type[SipEvent]], LegState] = {
    (LegState.RINGING, Progressed): LegState.EARLY,
    (LegState.RINGING, Confirmed): LegState.ANSWERED,
    (LegState.RINGING, Disconnected): LegState.ENDED,
    (LegState.EARLY, Progressed): LegState.EARLY,
    (LegState.EARLY, Confirmed): LegState.ANSWERED,
    (LegState.EARLY, Disconnected): LegState.ENDED,
    (LegState.ANSWERED, Disconnected): LegState.ENDED,
}


def advance(state: LegState, event: SipEvent) -> LegState:
    """Return the state after ``event``.

    Raises:
        InvalidTransition: If the table has no entry; the leg is left as it was.
    """
    try:
        return TRANSITIONS[state, type(event)]
    except KeyError:
        raise InvalidTransition(f"{type(event).__name__} while {state.name}") from None
