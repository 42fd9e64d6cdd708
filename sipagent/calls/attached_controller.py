"""The life of one attached call: when to accept, attach, greet, hang up, let go.

    NEW        --CallStarted-->      ACCEPTING   have it answered
    NEW        --CallResumed-->      ATTACHING   a process before us had it answered
    ACCEPTING  --CallAccepted-->     ATTACHING   open the socket
    ACCEPTING  --SessionFailed-->    RELEASING   reject: the endpoint does not want our session
    ATTACHING  --SessionReady-->     TALKING     greet, but not twice
    ATTACHING  --AttachFailed-->     ATTACHING   again after a delay, or RELEASING: hang up
    TALKING    --SessionFailed-->    RELEASING   hang up
    TALKING    --HangUpRequested-->  ENDING      the agent's last words are heard first
    ENDING     --AgentFellSilent-->  LINGERING   let the last packets out
    LINGERING  --TAIL_S elapses-->   RELEASING   hang up
    RELEASING  --CallReleased-->     RELEASING   the socket's end is the call's: wait a moment
    any        --CallOver-->         ENDED
    any        --DetachRequested-->  ENDED       the call goes on; one that is to end is hung up

While an accept is under way nobody knows whether the caller was answered, so hanging up and letting
go wait for its outcome. Every wait has a limit but those that the requests have themselves.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from enum import Enum, auto

from sipagent.deadlines import earliest
from sipagent.errors import InvalidTransition
from sipagent.realtime.rotation import FIRST_DELAY_S, LONGEST_DELAY_S, RotationSettings

from .attached_commands import (
    AcceptCall,
    AttachedCommand,
    AttachSession,
    Greet,
    HangUpCall,
    LetGo,
    RejectCall,
)
from .attached_events import (
    AttachedEvent,
    AttachFailed,
    CallAccepted,
    CallOver,
    CallReleased,
    CallResumed,
    DetachRequested,
)
from .commands import Finish
from .controller import TAIL_S, CallPolicy
from .events import (
    AgentFellSilent,
    CallStarted,
    HangUpRequested,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from .termination import Reason, Result, Termination

RELEASE_LIMIT_S = 20.0
"""How long ending a call may take: longer than the request with all of its attempts."""

GOODBYE_S = 1.0
"""Between the answer to our hang-up and the end of the socket, which tells the last of the call."""


class State(Enum):
    """Where the call is in its life."""

    NEW = auto()
    ACCEPTING = auto()
    ATTACHING = auto()
    TALKING = auto()
    ENDING = auto()
    LINGERING = auto()
    RELEASING = auto()
    ENDED = auto()


_WINDING_DOWN = frozenset({State.ENDING, State.LINGERING, State.RELEASING})


class AttachedController:
    """Decide the life of one attached call; carry nothing out.

    Args:
        policy: What the plan says about the call's life.
        rotation: How often, and how long, the socket is tried.
        max_duration_s: How long the parties may talk.
    """

    def __init__(
        self, policy: CallPolicy, rotation: RotationSettings, *, max_duration_s: float
    ) -> None:
        self._policy, self._rotation = policy, rotation
        self._max_duration_s = max_duration_s
        self._deadline: float | None = None
        self._ends_at: float | None = None
        self._outcome: Termination | None = None
        self._postponed: HangUpRequested | DetachRequested | None = None
        self._is_resumed = self._is_attached = False
        self._attach_by = self._delay_s = 0.0
        self._attempts = 0
        self.state = State.NEW

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        ends_at = self._ends_at if self.state in {State.ATTACHING, State.TALKING} else None
        return earliest((self._deadline, ends_at))

    def handle(self, event: AttachedEvent, *, now: float) -> list[AttachedCommand]:
        """Advance on ``event``; return what to do about it, in order.

        Raises:
            InvalidTransition: If a call is started twice; the controller is left as it was.
        """
        if self.state is State.ENDED:
            return []
        match event:
            case CallStarted() | CallResumed():
                return self._start(event, now=now)
            case CallOver():
                return self._over(event)
            case CallAccepted() if self.state is State.ACCEPTING:
                return self._accepted(now=now)
            case SessionReady() if self.state is State.ATTACHING:
                self._is_attached = True
                self._enter(State.TALKING, None)
                return [] if self._is_resumed else [Greet()]
            case AttachFailed() if self.state is State.ATTACHING:
                return self._attach_failed(event, now=now)
            case SessionFailed():
                return self._fail(event, now=now)
            case HangUpRequested():
                return self._wind_down(event, now=now)
            case AgentFellSilent() if self.state is State.ENDING:
                self._enter(State.LINGERING, now + TAIL_S)
            case CallReleased() if self.state is State.RELEASING:
                return self._released(now=now)
            case DetachRequested():
                return self._detach(event, now=now)
            case TimerFired():
                return self._expire(now=now)
            case _:
                pass
        return []

    # The beginning.

    def _start(self, event: CallStarted | CallResumed, *, now: float) -> list[AttachedCommand]:
        if self.state is not State.NEW:
            raise InvalidTransition(f"{type(event).__name__} while {self.state.name}")
        if isinstance(event, CallStarted):
            self._enter(State.ACCEPTING, None)
            return [AcceptCall()]
        self._is_resumed = True
        self._ends_at = now + self._max_duration_s - event.talked_s
        return self._attach(now=now)

    def _accepted(self, *, now: float) -> list[AttachedCommand]:
        self._ends_at = now + self._max_duration_s
        commands = self._attach(now=now)
        if self._postponed is None:
            return commands
        return self.handle(self._postponed, now=now)

    def _attach(self, *, now: float) -> list[AttachedCommand]:
        self._attach_by, self._delay_s = now + self._rotation.give_up_after_s, FIRST_DELAY_S
        self._enter(State.ATTACHING, None)
        return [AttachSession()]

    def _attach_failed(self, event: AttachFailed, *, now: float) -> list[AttachedCommand]:
        self._attempts += 1
        again_at = now + self._delay_s
        if self._attempts > self._rotation.attempts or again_at > self._attach_by:
            return self._fail(SessionFailed(event.reason, event.detail), now=now)
        self._delay_s = min(self._delay_s * 2, LONGEST_DELAY_S)
        self._enter(State.ATTACHING, again_at)
        return []

    # The end.

    def _fail(self, event: SessionFailed, *, now: float) -> list[AttachedCommand]:
        self._is_attached = False
        if self.state in {State.ENDING, State.LINGERING}:
            return self._release(now=now)  # the farewell is cut short; the call ends as wanted
        if self.state is State.RELEASING:
            return []
        if self.state is not State.ACCEPTING:
            self._outcome = Termination(Result.FAILED, event.reason, event.detail)
            return self._release(now=now)
        self._outcome = Termination(Result.FAILED, event.reason, event.detail, 503)
        self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
        if event.reason is Reason.SESSION_TIMEOUT:  # it may have been answered all the same
            return [HangUpCall()]
        return [RejectCall(503)]

    def _wind_down(self, event: HangUpRequested, *, now: float) -> list[AttachedCommand]:
        is_agent = event.reason is Reason.AGENT_HUNG_UP or event.lets_finish
        if self.state is State.RELEASING or (self.state in _WINDING_DOWN and is_agent):
            return []
        if self.state in {State.NEW, State.ACCEPTING}:
            self._postponed = event
            return []
        self._outcome = Termination(Result.COMPLETED, event.reason, event.detail)
        if is_agent and self.state is State.TALKING:
            self._enter(State.ENDING, now + self._policy.last_words_limit_s)
            return []
        return self._release(now=now)

    def _detach(self, event: DetachRequested, *, now: float) -> list[AttachedCommand]:
        match self.state:
            case State.NEW | State.ACCEPTING:
                self._postponed = self._postponed or event
                return []
            case State.ENDING | State.LINGERING:
                return self._release(now=now)
            case State.RELEASING:
                return []
            case _:
                self._enter(State.ENDED, None)
                return [LetGo()]

    def _release(self, *, now: float) -> list[AttachedCommand]:
        self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
        return [HangUpCall()]

    def _released(self, *, now: float) -> list[AttachedCommand]:
        assert self._outcome is not None
        if not self._is_attached:
            return self._finish(self._outcome)
        self._deadline = now + GOODBYE_S
        return []

    def _expire(self, *, now: float) -> list[AttachedCommand]:
        has_time_limit = self.state in {State.ATTACHING, State.TALKING}
        if has_time_limit and self._ends_at is not None and now >= self._ends_at:
            return self._wind_down(HangUpRequested(Reason.TIME_LIMIT, "max_duration_s"), now=now)
        if self._deadline is None or now < self._deadline:
            return []
        match self.state:
            case State.ATTACHING:
                self._deadline = None
                return [AttachSession()]
            case State.RELEASING:
                assert self._outcome is not None
                return self._finish(self._outcome)
            case _:
                return self._release(now=now)

    def _over(self, event: CallOver) -> list[AttachedCommand]:
        if self._outcome is not None:
            return self._finish(self._outcome)
        if self.state is State.ACCEPTING:
            gone = Termination(Result.ABANDONED, Reason.CALLER_CANCELLED, event.detail, 487)
            return self._finish(gone)
        return self._finish(Termination(Result.COMPLETED, event.reason, event.detail))

    def _finish(self, termination: Termination) -> list[AttachedCommand]:
        self._enter(State.ENDED, None)
        return [Finish(termination)]

    def _enter(self, state: State, deadline: float | None) -> None:
        self.state, self._deadline = state, deadline
