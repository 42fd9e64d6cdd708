"""The beginning of an outgoing call: while it rings the session is opened; on answer they talk.

    NEW              --CallStarted-->    DIALLING          open the session; the INVITE is out
    DIALLING         --LegProgressed-->  RINGING
    DIALLING,RINGING --ring_s-->         RELEASING         CANCEL
    DIALLING,RINGING --SessionFailed-->  RELEASING         CANCEL: nobody is rung up for nothing
    DIALLING,RINGING --HangUpRequested-> RELEASING         CANCEL
    DIALLING,RINGING --LegConfirmed-->   TALKING           if the session is ready, or
                                         AWAITING_SESSION
    AWAITING_SESSION --SessionReady-->   TALKING
    AWAITING_SESSION --ready_within_s--> APOLOGISING
    RELEASING        --LegConfirmed-->   RELEASING         BYE: the answer crossed our CANCEL
    DIALLING,RINGING --LegDisconnected-> HEARING_OUT       where the agent hears early media
    HEARING_OUT      --EarlyMediaWritten-> ENDED           or WRITTEN_LIMIT_S later

An answer may cross our CANCEL (RFC 3261 section 9.1); then there is a call, and it must be ended.
What follows is in ``controller``. No I/O, no clock.
"""

from __future__ import annotations

from .commands import CallCommand, HangUp, OpenSession, StartConversation
from .controller import NORMAL_CLEARING, UNANSWERED, CallController, CallPolicy, State
from .events import (
    CallEvent,
    CallStarted,
    EarlyMediaWritten,
    HangUpRequested,
    LegConfirmed,
    LegDisconnected,
    LegProgressed,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from .outgoing_reasons import refusal
from .termination import Reason, Result, Termination

WRITTEN_LIMIT_S = 2.0
"""For writing down what the network said last: transcripts take their time."""


class OutgoingController(CallController):
    """Decide the life of one call that we place; carry nothing out.

    Args:
        policy: What the plan says.
        ring_s: How long the callee's telephone may ring.
        greets: Whether the agent speaks first.
        hears_early: Whether it hears what comes before the answer.
    """

    def __init__(
        self, policy: CallPolicy, *, ring_s: float, greets: bool = True, hears_early: bool = False
    ) -> None:
        super().__init__(policy)
        self._ring_s, self._greets, self._hears_early = ring_s, greets, hears_early
        self._is_session_ready = False

    def handle(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        """Advance on ``event``; return what to do about it, in order."""
        if self.state is State.HEARING_OUT:
            return self._hear_out(event, now=now)
        is_early = self._hears_early and self.state in UNANSWERED
        if is_early and isinstance(event, LegDisconnected) and event.by_peer:
            self._outcome = self._ended_by_peer(event)
            self._enter(State.HEARING_OUT, now + WRITTEN_LIMIT_S)
            return []
        return super().handle(event, now=now)

    def _hear_out(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        assert self._outcome is not None
        match event:
            case TimerFired() if self._deadline is not None and now < self._deadline:
                return []
            case TimerFired() | EarlyMediaWritten() | SessionFailed() | HangUpRequested():
                return self._finish(self._outcome)
            case _:
                return []

    def _begin(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        match event:
            case CallStarted():
                self._enter(State.DIALLING, now + self._ring_s)
                return [OpenSession()]
            case LegProgressed() if self.state is State.DIALLING:
                self.state = State.RINGING
            case SessionReady():
                self._is_session_ready = True
                if self.state is State.AWAITING_SESSION:
                    return self._talk(StartConversation(self._greets), now=now)
            case LegConfirmed():
                return self._confirm(now=now)
            case _:
                pass
        return []

    def _confirm(self, *, now: float) -> list[CallCommand]:
        if self.state is State.RELEASING and not self._is_confirmed:
            self._is_confirmed = True
            return [HangUp(NORMAL_CLEARING, "answered too late")]
        self._is_confirmed = True
        if self.state not in UNANSWERED:
            return []
        if self._is_session_ready:
            return self._talk(StartConversation(self._greets), now=now)
        self._enter(State.AWAITING_SESSION, now + self._policy.ready_within_s)
        return []

    def _begin_failed(self, failure: Termination, *, now: float) -> list[CallCommand]:
        self._outcome = Termination(failure.result, failure.reason, failure.detail, 487)
        return self._release(now=now)

    def _give_up(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        self._outcome = Termination(Result.ABANDONED, event.reason, event.detail, 487)
        return self._release(now=now)

    def _begin_expired(self, *, now: float) -> list[CallCommand]:
        if self.state is State.AWAITING_SESSION:
            limit = f"not ready {self._policy.ready_within_s:g} s after the answer"
            return self._fail(Reason.SESSION_TIMEOUT, limit, now=now)
        detail = f"nobody answered within {self._ring_s:g} s"
        reason = Reason.RING_TIMEOUT if self.state is State.RINGING else Reason.UNREACHABLE
        result = Result.UNANSWERED if reason is Reason.RING_TIMEOUT else Result.FAILED
        self._outcome = Termination(result, reason, detail, 487)
        return self._release(now=now)

    def _ended_by_peer(self, event: LegDisconnected) -> Termination:
        if self.state not in UNANSWERED:
            return Termination(Result.COMPLETED, Reason.CALLEE_HUNG_UP, event.detail)
        if event.status < 300:  # hung up in the moment of the answer
            return Termination(Result.COMPLETED, Reason.CALLEE_HUNG_UP, event.detail)
        was_heard = self.state is State.RINGING
        return refusal(event.status, event.detail, was_heard=was_heard)
