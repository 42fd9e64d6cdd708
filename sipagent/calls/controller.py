"""The life of a call over a leg, as far as it is the same whoever placed it.

How it begins is for ``IncomingController`` and ``OutgoingController`` to say; from the first word
on there is no difference:

    ANNOUNCING  --AnnouncementPlayed--> TALKING     the caller was told what the plan announces
    TALKING     --SessionFailed-->    APOLOGISING   the other side hears why, then BYE or REFER
    TALKING     --HangUpRequested-->  ENDING        the last words go out first
    APOLOGISING --ApologyPlayed-->    LINGERING     let the last frames out
    ENDING      --AgentFellSilent-->  LINGERING     the same
    LINGERING   --TAIL_S elapses-->   RELEASING     BYE
    LINGERING   --TAIL_S elapses-->   REFERRING     REFER, if the plan sends the caller on
    REFERRING   --it is settled-->    RELEASING     BYE
    any         --LegDisconnected-->  ENDED

Every wait has a limit: a peer that never acknowledges cannot hold a call.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from sipagent.errors import InvalidTransition

from .commands import (
    CallCommand,
    CloseSession,
    Finish,
    HangUp,
    PlayAnnouncement,
    PlayApology,
    StartConversation,
    TransferCaller,
)
from .events import (
    AgentFellSilent,
    AnnouncementPlayed,
    ApologyPlayed,
    CallEvent,
    CallStarted,
    HangUpRequested,
    LegDisconnected,
    SessionFailed,
    TimerFired,
    TransferProgressed,
)
from .fallback import Fallback
from .termination import Reason, Result, Termination

NORMAL_CLEARING = 16
TEMPORARY_FAILURE = 41
"""Q.850 causes, carried in Reason headers (RFC 3326)."""

RELEASE_LIMIT_S = 4.0
"""A BYE nobody answers is given up after this; PJSIP goes on retransmitting it."""

TAIL_S = 0.4
"""Between the last sample handed to the leg and BYE: 60 ms or so until it is on the wire, and what
a peer's jitter buffer may hold of the last syllable; BYE empties that."""

REFER_LIMIT_S = 30.0
"""From REFER to its outcome; then the call ends in any case."""

ANNOUNCEMENT_LIMIT_S = 60.0
"""A caller who puts us on hold hears no announcement, and there is no conversation without it."""

WAITS_FOR_LAST_WORDS = frozenset(
    {Reason.AGENT_HUNG_UP, Reason.MESSAGE_LEFT, Reason.TIME_LIMIT, Reason.CALLER_SILENT}
)
"""What ends a call lets the agent finish speaking."""

FAILURES = frozenset({Reason.INTERNAL_ERROR, Reason.RTP_LOST})
"""What ends a call that nobody wanted to end."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """What the plan says about this call's life."""

    ready_within_s: float = 3.0
    fallback: Fallback = field(default_factory=Fallback)
    """What becomes of the caller when there is no agent."""
    apology_limit_s: float = 10.0
    last_words_limit_s: float = 15.0
    """How long a hang-up waits for the agent to finish speaking."""
    announces: bool = False
    """Whether something is announced before the conversation."""


class State(Enum):
    """Where the call is in its life."""

    NEW = auto()
    CONNECTING = auto()
    """Incoming: the caller hears ringing while the session is opened."""
    EARLY = auto()
    """Incoming: the caller hears something before the answer."""
    ANSWERING = auto()
    """Incoming: 200 is on its way."""
    DIALLING = auto()
    """Outgoing: nothing was heard of the INVITE yet."""
    RINGING = auto()
    """Outgoing: a provisional response came."""
    HEARING_OUT = auto()
    """Outgoing: over before it was answered; what was said before is being written down."""
    AWAITING_SESSION = auto()
    """Outgoing: answered before the session was ready."""
    ANNOUNCING = auto()
    """The caller hears what must be said before the conversation; nobody hears the caller."""
    TALKING = auto()
    APOLOGISING = auto()
    ENDING = auto()
    LINGERING = auto()
    REFERRING = auto()
    RELEASING = auto()
    ENDED = auto()


PAST_HELP = frozenset({State.APOLOGISING, State.LINGERING, State.REFERRING, State.RELEASING})
"""The end has begun, and nothing that fails makes a difference."""

UNANSWERED = frozenset({State.NEW, State.CONNECTING, State.EARLY, State.DIALLING, State.RINGING})


class CallController(ABC):
    """Decide the life of one call; carry nothing out."""

    def __init__(self, policy: CallPolicy) -> None:
        self._policy = policy
        self._deadline: float | None = None
        self._outcome: Termination | None = None
        self._announced: StartConversation | None = None
        self._is_confirmed = self._must_transfer = False
        self.state = State.NEW

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        return self._deadline

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
            case CallStarted() if self.state is not State.NEW:
                raise InvalidTransition(f"CallStarted while {self.state.name}")
            case SessionFailed(reason, detail):
                return self._fail(reason, detail, now=now)
            case HangUpRequested():
                return self._wind_down(event, now=now)
            case AnnouncementPlayed() if self.state is State.ANNOUNCING:
                assert self._announced is not None
                return self._talk(self._announced, now=now)
            case AgentFellSilent() if self.state is State.ENDING:
                self._enter(State.LINGERING, now + TAIL_S)
            case ApologyPlayed() if self.state is State.APOLOGISING:
                self._enter(State.LINGERING, now + TAIL_S)
            case TransferProgressed(status, is_final=True) if self.state is State.REFERRING:
                return self._referred(status, now=now)
            case TimerFired():
                return self._expire(now=now)
            case _:
                return self._begin(event, now=now)
        return []

    @abstractmethod
    def _begin(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        """Advance the beginning of the call."""

    @abstractmethod
    def _begin_failed(self, failure: Termination, *, now: float) -> list[CallCommand]:
        """Act on a session that failed before the answer."""

    @abstractmethod
    def _give_up(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        """End a call that is not answered yet."""

    @abstractmethod
    def _begin_expired(self, *, now: float) -> list[CallCommand]:
        """Act on the deadline of a state of the beginning."""

    @abstractmethod
    def _ended_by_peer(self, event: LegDisconnected) -> Termination:
        """Say what it means that the other side ended the call."""

    def _talk(self, command: StartConversation, *, now: float) -> list[CallCommand]:
        if self._policy.announces and self._announced is None:
            self._announced = command
            self._enter(State.ANNOUNCING, now + ANNOUNCEMENT_LIMIT_S)
            return [PlayAnnouncement()]
        self._enter(State.TALKING, None)
        return [command]

    def _apologise(self, *, now: float) -> list[CallCommand]:
        self._deadline = now + self._policy.apology_limit_s
        return [PlayApology()]

    def _fail(self, reason: Reason, detail: str, *, now: float) -> list[CallCommand]:
        if self.state in PAST_HELP:
            return []
        if self.state is State.ENDING:  # the farewell is cut short, but the call ends as wanted
            return self._release(now=now)
        failure = Termination(Result.FAILED, reason, detail)
        if self.state in UNANSWERED:
            return self._begin_failed(failure, now=now)
        self._outcome = failure
        action = self._policy.fallback.during_call(reason)
        if action == "hang_up":
            return self._release(now=now)
        self._must_transfer = action == "transfer"
        self._enter(State.APOLOGISING, now + self._policy.apology_limit_s)
        return [CloseSession(), PlayApology()] if self._is_confirmed else [CloseSession()]

    def _wind_down(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        if self.state in {State.ENDING, *PAST_HELP}:
            return self._cut_short(event, now=now)
        if self.state in UNANSWERED:
            return self._give_up(event, now=now)
        result = Result.FAILED if event.reason in FAILURES else Result.COMPLETED
        self._outcome = Termination(result, event.reason, event.detail)
        if event.reason in WAITS_FOR_LAST_WORDS or event.lets_finish:
            self._enter(State.ENDING, now + self._policy.last_words_limit_s)
            return []
        return self._release(now=now)

    def _cut_short(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        """End a call at once that is ending, if a person wants it so."""
        is_wanted = event.reason is Reason.OPERATOR_HUNG_UP and not event.lets_finish
        return self._release(now=now) if is_wanted and self.state is not State.RELEASING else []

    def _refer(self, *, now: float) -> list[CallCommand]:
        """Send the caller to somebody else, once, if that is wanted; else end the call."""
        if not self._must_transfer or not self._is_confirmed:
            return self._release(now=now)
        self._must_transfer = False
        self._enter(State.REFERRING, now + REFER_LIMIT_S)
        fallback = self._policy.fallback
        return [TransferCaller(fallback.target, fallback.target_uri)]

    def _referred(self, status: int, *, now: float) -> list[CallCommand]:
        assert self._outcome is not None
        came = "is" if 200 <= status < 300 else f"could not be ({status})"
        told = f"the caller {came} transferred to {self._policy.fallback.target}"
        detail = "; ".join(filter(None, (self._outcome.detail, told)))
        self._outcome = replace(self._outcome, detail=detail)
        return self._release(now=now)

    def _release(self, *, now: float) -> list[CallCommand]:
        self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
        is_failure = self._outcome is not None and self._outcome.result is Result.FAILED
        cause = TEMPORARY_FAILURE if is_failure else NORMAL_CLEARING
        text = self._outcome.reason.value if self._outcome is not None else "normal"
        return [CloseSession(), HangUp(cause, text)]

    def _expire(self, *, now: float) -> list[CallCommand]:
        if self._deadline is None or now < self._deadline:
            return []
        match self.state:
            case State.RELEASING:
                assert self._outcome is not None
                return self._finish(self._outcome)
            case State.ANNOUNCING:
                self._outcome = Termination(Result.FAILED, Reason.MEDIA_FAILED, "not announced")
                return self._release(now=now)
            case State.APOLOGISING | State.LINGERING:
                return self._refer(now=now)
            case State.ENDING | State.REFERRING:
                return self._release(now=now)
            case _:
                return self._begin_expired(now=now)

    def _end(self, event: LegDisconnected) -> list[CallCommand]:
        if self._outcome is not None:
            return self._finish(self._outcome)
        if event.by_peer:
            return self._finish(self._ended_by_peer(event))
        is_lost = event.status == 200 and not event.is_media_fault
        reason = Reason.PEER_LOST if is_lost else Reason.MEDIA_FAILED
        return self._finish(Termination(Result.FAILED, reason, event.detail, event.status))

    def _finish(self, termination: Termination) -> list[CallCommand]:
        self._enter(State.ENDED, None)
        return [CloseSession(), Finish(termination)]

    def _enter(self, state: State, deadline: float | None) -> None:
        self.state, self._deadline = state, deadline
