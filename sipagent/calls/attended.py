"""Attended transfers: the target is called and told what it is about, then the caller goes there.

    IDLE        --TransferRequested-->    LAST_WORDS   what the agent said is heard first
    LAST_WORDS  --AgentFellSilent-->      LINGERING    let the last frames out
    LINGERING   --TAIL_S elapses-->       RINGING      the caller hears music, we call the target
    RINGING     --ConsultAnswered-->      BRIEFING     the target hears what it is about
    BRIEFING    --BriefingPlayed-->       BRIEFING     for TAIL_S: let the last frames out
    BRIEFING    --its limit-->            CONFIRMING   it may say yes with a key, if the plan asks
    BRIEFING    --its limit-->            REFERRING    else it has, by staying on the line
    CONFIRMING  --the key-->              REFERRING    REFER with Replaces (RFC 5589 section 7)
    REFERRING   --the two talk-->         DONE         hang up both
    REFERRING   --refused, no outcome-->  BRIDGED      the two talk through us, if the plan wants it
    REFERRING   --the target's leg ends-> TAKEN        a moment for the outcome to be told
    BRIDGED     --the target's leg ends-> DONE         hang up
    any         --the target is lost-->   IDLE         the caller is back, the agent is told why

A target that takes our call over ends our leg to it, and its BYE may overtake the NOTIFY that says
so: hence TAKEN. Every wait has a limit. The end of the caller's leg ends everything, whatever the
state: that is for the driver.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from .controller import TAIL_S
from .events import (
    AgentFellSilent,
    BriefingPlayed,
    ConsultAnswered,
    ConsultEnded,
    ConsultKeyPressed,
    TimerFired,
    TransferEvent,
    TransferProgressed,
    TransferRequested,
)
from .transfer import LIMIT_S
from .transfer_commands import (
    AnswerTransfer,
    AttendedCommand,
    BriefTarget,
    CallTarget,
    EndConsult,
    EndTransferred,
    HoldCaller,
    JoinLegs,
    ResumeCaller,
    SendReplaces,
)
from .transfer_outcome import Outcome, failure, outcome_of
from .transfer_setup import TransferTarget

BRIEFING_LIMIT_S = 40.0
"""For the words the target hears, from its answer on."""

TAKEN_LIMIT_S = 4.0
"""For the outcome of a REFER after the target's leg ended; longer than a lost NOTIFY is late."""


class _State(Enum):
    IDLE = auto()
    LAST_WORDS = auto()
    LINGERING = auto()
    RINGING = auto()
    BRIEFING = auto()
    CONFIRMING = auto()
    REFERRING = auto()
    TAKEN = auto()
    BRIDGED = auto()
    DONE = auto()


_CONSULTING = frozenset({_State.RINGING, _State.BRIEFING, _State.CONFIRMING})
_REFERRED = frozenset({_State.REFERRING, _State.TAKEN})


class Attended:
    """Decide how a caller is transferred to somebody who is asked first; carry nothing out.

    Args:
        targets: By name; no other is asked for.
        last_words_limit_s: How long the agent may take to finish speaking.
    """

    def __init__(self, targets: Mapping[str, TransferTarget], *, last_words_limit_s: float) -> None:
        self._targets, self._last_words_limit_s = targets, last_words_limit_s
        self._state, self._name, self._briefing = _State.IDLE, "", ""
        self._deadline: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether a transfer is being made, or was."""
        return self._state is not _State.IDLE

    @property
    def is_bridged(self) -> bool:
        """Tell whether caller and target talk through us."""
        return self._state is _State.BRIDGED

    @property
    def is_referred(self) -> bool:
        """Tell whether the caller's telephone may be about to take our call to the target over."""
        return self._state in _REFERRED

    @property
    def is_taken(self) -> bool:
        """Tell whether that seems to have happened: the target's leg has ended."""
        return self._state is _State.TAKEN

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        return self._deadline

    def handle(self, event: TransferEvent, *, now: float) -> list[AttendedCommand]:
        """Advance on ``event``; return what to do about it, in order."""
        match event:
            case TransferRequested(target, briefing) if self._state is _State.IDLE:
                self._name, self._briefing = target, briefing
                self._enter(_State.LAST_WORDS, now + self._last_words_limit_s)
            case AgentFellSilent() if self._state is _State.LAST_WORDS:
                self._enter(_State.LINGERING, now + TAIL_S)
            case ConsultAnswered() if self._state is _State.RINGING:
                self._enter(_State.BRIEFING, now + BRIEFING_LIMIT_S)
                return [BriefTarget()]
            case BriefingPlayed() if self._state is _State.BRIEFING:
                self._enter(_State.BRIEFING, now + TAIL_S)
            case ConsultKeyPressed(digit) if self._state in _CONSULTING:
                if digit == self._target.confirm_key and self._state is not _State.RINGING:
                    return self._refer(now)
            case ConsultEnded(status):
                return self._lost(status, now)
            case TransferProgressed(status, is_final) if is_final and self._state in _REFERRED:
                return self._concluded(status)
            case TimerFired() if self._deadline is not None and now >= self._deadline:
                return self._expire(now)
            case _:
                pass
        return []

    @property
    def _target(self) -> TransferTarget:
        return self._targets[self._name]

    def _briefed(self, now: float) -> list[AttendedCommand]:
        if not self._target.confirm_key:
            return self._refer(now)
        self._enter(_State.CONFIRMING, now + self._target.confirm_s)
        return []

    def _refer(self, now: float) -> list[AttendedCommand]:
        self._enter(_State.REFERRING, now + LIMIT_S)
        return [SendReplaces()]

    def _lost(self, status: int, now: float) -> list[AttendedCommand]:
        match self._state:
            case _State.RINGING if status == 0:
                return self._back("no line is free to call the target", Outcome.NO_LINE)
            case _State.RINGING:
                return self._back(failure(status), outcome_of(status), status)
            case _State.BRIEFING | _State.CONFIRMING:
                return self._back("the target hung up without taking the call", Outcome.DECLINED)
            case _State.REFERRING:
                self._enter(_State.TAKEN, now + TAKEN_LIMIT_S)
            case _State.BRIDGED:
                self._enter(_State.DONE, None)
                return [EndTransferred(self._name)]
            case _:
                pass
        return []

    def _concluded(self, status: int) -> list[AttendedCommand]:
        if 200 <= status < 300:
            self._enter(_State.DONE, None)
            return [EndConsult(), EndTransferred(self._name)]
        if self._state is _State.REFERRING and self._target.is_bridged:
            self._enter(_State.BRIDGED, None)
            return [ResumeCaller(), JoinLegs()]
        return self._back(failure(status), outcome_of(status), status)

    def _expire(self, now: float) -> list[AttendedCommand]:
        match self._state:
            case _State.LAST_WORDS | _State.LINGERING:
                self._enter(_State.RINGING, now + self._target.ring_s)
                return [HoldCaller(), CallTarget(self._name, self._briefing)]
            case _State.RINGING:
                return self._back(failure(408), Outcome.NO_ANSWER, 408)
            case _State.BRIEFING:
                return self._briefed(now)
            case _State.CONFIRMING:
                return self._back("the target did not take the call", Outcome.DECLINED)
            case _State.REFERRING:
                return self._concluded(408)
            case _:
                return self._back("the target hung up", Outcome.FAILED)

    def _back(self, why: str, outcome: Outcome, status: int = 0) -> list[AttendedCommand]:
        """Return the caller to the agent."""
        self._enter(_State.IDLE, None)
        text = f"The transfer failed: {why}. You are talking to the caller again."
        return [EndConsult(), ResumeCaller(), AnswerTransfer(text, outcome, status)]

    def _enter(self, state: _State, deadline: float | None) -> None:
        self._state, self._deadline = state, deadline
