"""The life of one incoming call: when to ring, answer, apologise, hang up.

    NEW         --CallStarted-->      CONNECTING    ring, open the session
    CONNECTING  --SessionReady-->     ANSWERING     answer
    CONNECTING  --ready_within_s-->   APOLOGISING   answer, or refuse, as the plan says
    CONNECTING  --SessionFailed-->    APOLOGISING   the same
    ANSWERING   --LegConfirmed-->     TALKING       let audio through, greet
    TALKING     --SessionFailed-->    APOLOGISING   the caller hears why, then BYE
    TALKING     --HangUpRequested-->  ENDING        the last words go out first
    APOLOGISING --ApologyPlayed-->    LINGERING     let the last frames out
    ENDING      --AgentFellSilent-->  LINGERING     the same
    LINGERING   --TAIL_S elapses-->   RELEASING     BYE
    any         --LegDisconnected-->  ENDED

Every wait has a limit: a peer that never acknowledges cannot hold a call.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from sipagent.errors import InvalidTransition

from .commands import (
    Answer,
    CallCommand,
    CloseSession,
    Finish,
    HangUp,
    OpenSession,
    PlayApology,
    Refuse,
    Ring,
    StartConversation,
)
from .events import (
    AgentFellSilent,
    ApologyPlayed,
    CallEvent,
    CallStarted,
    HangUpRequested,
    LegConfirmed,
    LegDisconnected,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from .termination import Reason, Result, Termination

NORMAL_CLEARING = 16
TEMPORARY_FAILURE = 41
"""Q.850 causes, carried in Reason headers (RFC 3326)."""

RELEASE_LIMIT_S = 4.0
"""A BYE nobody answers is given up after this; PJSIP goes on retransmitting it."""

TAIL_S = 0.2
"""Between the last sample handed to the leg and BYE, so that no peer loses the last syllable."""

CONFIRM_LIMIT_S = 32.0
"""64*T1: how long a 200 may wait for its ACK (RFC 3261 section 13.3.1.4)."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """What the plan says about this call's life."""

    ready_within_s: float = 3.0
    refuse_when_not_ready: bool = False
    """Refuse with 503 instead of answering with the apology."""
    apology_limit_s: float = 10.0
    last_words_limit_s: float = 15.0
    """How long a hang-up waits for the agent to finish speaking."""
    max_duration_s: float = 3600.0


class State(Enum):
    """Where the call is in its life."""

    NEW = auto()
    CONNECTING = auto()
    ANSWERING = auto()
    TALKING = auto()
    APOLOGISING = auto()
    ENDING = auto()
    LINGERING = auto()
    RELEASING = auto()
    ENDED = auto()


_UNANSWERED = frozenset({State.NEW, State.CONNECTING})


class CallController:
    """Decide the life of one incoming call; carry nothing out."""

    def __init__(self, policy: CallPolicy) -> None:
        self._policy = policy
        self._deadline: float | None = None
        self._ends_at: float | None = None
        self._outcome: Termination | None = None
        self._is_confirmed = False
        self.state = State.NEW

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        candidates = [at for at in (self._deadline, self._ends_at) if at is not None]
        return min(candidates, default=None)

    def handle(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        """Advance on ``event``; return what to do about it, in order.

        Raises:
            InvalidTransition: If a call is started twice; the controller is left as it was.
        """
        if self.state is State.ENDED:
            return []
        match event:
            case LegDisconnected():
                return self._end(event)
            case CallStarted() if self.state is State.NEW:
                self._enter(State.CONNECTING, now + self._policy.ready_within_s)
                return [Ring(), OpenSession()]
            case CallStarted():
                raise InvalidTransition(f"CallStarted while {self.state.name}")
            case SessionReady() if self.state is State.CONNECTING:
                self._enter(State.ANSWERING, now + CONFIRM_LIMIT_S)
                return [Answer()]
            case SessionFailed(reason, detail):
                return self._fail(reason, detail, now=now)
            case LegConfirmed():
                return self._confirm(now=now)
            case HangUpRequested():
                return self._wind_down(event, now=now)
            case AgentFellSilent() if self.state is State.ENDING:
                self._enter(State.LINGERING, now + TAIL_S)
            case ApologyPlayed() if self.state is State.APOLOGISING:
                self._enter(State.LINGERING, now + TAIL_S)
            case TimerFired():
                return self._expire(now=now)
            case _:
                pass
        return []

    def _confirm(self, *, now: float) -> list[CallCommand]:
        self._is_confirmed = True
        match self.state:
            case State.ANSWERING:
                self._enter(State.TALKING, None)
                self._ends_at = now + self._policy.max_duration_s
                return [StartConversation()]
            case State.APOLOGISING:
                self._deadline = now + self._policy.apology_limit_s
                return [PlayApology()]
            case _:
                return []

    def _fail(self, reason: Reason, detail: str, *, now: float) -> list[CallCommand]:
        if self.state in {State.APOLOGISING, State.LINGERING, State.RELEASING}:
            return []
        if self.state is State.ENDING:  # the farewell is cut short, but the call ends as wanted
            return self._release(now=now)
        refuses = self.state in _UNANSWERED and self._policy.refuse_when_not_ready
        status = 503 if refuses else 200
        self._outcome = Termination(Result.FAILED, reason, detail, status)
        if refuses:
            self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
            return [CloseSession(), Refuse(503, "Service Unavailable")]
        if self.state in _UNANSWERED:
            self._enter(State.APOLOGISING, now + CONFIRM_LIMIT_S)
            return [CloseSession(), Answer()]
        self._enter(State.APOLOGISING, now + self._policy.apology_limit_s)
        return [CloseSession(), PlayApology()] if self._is_confirmed else [CloseSession()]

    def _wind_down(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        if self.state in {State.ENDING, State.LINGERING, State.RELEASING, State.APOLOGISING}:
            return []
        result = Result.FAILED if event.reason is Reason.INTERNAL_ERROR else Result.COMPLETED
        if self.state in _UNANSWERED:
            self._outcome = Termination(Result.REFUSED, event.reason, event.detail, 503)
            self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
            return [CloseSession(), Refuse(503, "Service Unavailable")]
        self._outcome = Termination(result, event.reason, event.detail)
        if event.reason is Reason.AGENT_HUNG_UP:
            self._enter(State.ENDING, now + self._policy.last_words_limit_s)
            return []
        return self._release(now=now)

    def _release(self, *, now: float) -> list[CallCommand]:
        self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
        is_failure = self._outcome is not None and self._outcome.result is Result.FAILED
        cause = TEMPORARY_FAILURE if is_failure else NORMAL_CLEARING
        text = self._outcome.reason.value if self._outcome is not None else "normal"
        return [CloseSession(), HangUp(cause, text)]

    def _expire(self, *, now: float) -> list[CallCommand]:
        if self._ends_at is not None and now >= self._ends_at and self.state is State.TALKING:
            self._ends_at = None
            return self._wind_down(HangUpRequested(Reason.TIME_LIMIT, "max_duration_s"), now=now)
        if self._deadline is None or now < self._deadline:
            return []
        match self.state:
            case State.CONNECTING:
                limit = f"not ready within {self._policy.ready_within_s:g} s"
                return self._fail(Reason.SESSION_TIMEOUT, limit, now=now)
            case State.RELEASING:
                assert self._outcome is not None
                return self._finish(self._outcome)
            case State.ANSWERING:
                self._outcome = Termination(Result.FAILED, Reason.MEDIA_FAILED, "no ACK")
                return self._release(now=now)
            case _:
                return self._release(now=now)

    def _end(self, event: LegDisconnected) -> list[CallCommand]:
        if self._outcome is not None:
            return self._finish(self._outcome)
        if event.by_peer and self.state in _UNANSWERED:
            ended = Termination(Result.ABANDONED, Reason.CALLER_CANCELLED, event.detail, 487)
        elif event.by_peer:
            ended = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP, event.detail)
        else:
            ended = Termination(Result.FAILED, Reason.MEDIA_FAILED, event.detail, event.status)
        return self._finish(ended)

    def _finish(self, termination: Termination) -> list[CallCommand]:
        self._enter(State.ENDED, None)
        self._ends_at = None
        return [CloseSession(), Finish(termination)]

    def _enter(self, state: State, deadline: float | None) -> None:
        self.state, self._deadline = state, deadline
        if state is not State.TALKING:
            self._ends_at = None
