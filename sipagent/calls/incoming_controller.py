"""The beginning of an incoming call: when to ring, answer, apologise, refuse.

    NEW         --CallStarted-->      CONNECTING    ring, open the session
    CONNECTING  --SessionReady-->     ANSWERING     answer
    CONNECTING  --ready_within_s-->   APOLOGISING   answer, or refuse, as the plan says
    CONNECTING  --SessionFailed-->    APOLOGISING   the same
    ANSWERING   --LegConfirmed-->     TALKING       let audio through, greet

What follows is in ``controller``. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import replace

from .commands import (
    Answer,
    CallCommand,
    CloseSession,
    OpenSession,
    Refuse,
    Ring,
    StartConversation,
)
from .controller import RELEASE_LIMIT_S, UNANSWERED, CallController, State
from .events import (
    CallEvent,
    CallStarted,
    HangUpRequested,
    LegConfirmed,
    LegDisconnected,
    SessionReady,
)
from .termination import Reason, Result, Termination

CONFIRM_LIMIT_S = 32.0
"""64*T1: how long a 200 may wait for its ACK (RFC 3261 section 13.3.1.4)."""


class IncomingController(CallController):
    """Decide the life of one call that came in; carry nothing out."""

    def _begin(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        match event:
            case CallStarted():
                self._enter(State.CONNECTING, now + self._policy.ready_within_s)
                return [Ring(), OpenSession()]
            case SessionReady() if self.state is State.CONNECTING:
                self._enter(State.ANSWERING, now + CONFIRM_LIMIT_S)
                return [Answer()]
            case LegConfirmed():
                return self._confirm(now=now)
            case _:
                return []

    def _confirm(self, *, now: float) -> list[CallCommand]:
        self._is_confirmed = True
        match self.state:
            case State.ANSWERING:
                return self._talk(StartConversation(), now=now)
            case State.APOLOGISING:
                return self._apologise(now=now)
            case _:
                return []

    def _begin_failed(self, failure: Termination, *, now: float) -> list[CallCommand]:
        fallback = self._policy.fallback
        if fallback.not_ready == "refuse":
            return self._refuse(replace(failure, sip_status=fallback.status), now=now)
        self._outcome, self._must_transfer = failure, fallback.not_ready == "transfer"
        self._enter(State.APOLOGISING, now + CONFIRM_LIMIT_S)
        return [CloseSession(), Answer()]

    def _give_up(self, event: HangUpRequested, *, now: float) -> list[CallCommand]:
        refused = Termination(Result.REFUSED, event.reason, event.detail, 503)
        return self._refuse(refused, now=now)

    def _refuse(self, outcome: Termination, *, now: float) -> list[CallCommand]:
        self._outcome = outcome
        self._enter(State.RELEASING, now + RELEASE_LIMIT_S)
        phrase = "Service Unavailable" if outcome.sip_status == 503 else ""
        return [CloseSession(), Refuse(outcome.sip_status, phrase)]

    def _begin_expired(self, *, now: float) -> list[CallCommand]:
        if self.state is State.CONNECTING:
            limit = f"not ready within {self._policy.ready_within_s:g} s"
            return self._fail(Reason.SESSION_TIMEOUT, limit, now=now)
        self._outcome = Termination(Result.FAILED, Reason.MEDIA_FAILED, "no ACK")
        return self._release(now=now)

    def _ended_by_peer(self, event: LegDisconnected) -> Termination:
        if self.state in UNANSWERED:
            return Termination(Result.ABANDONED, Reason.CALLER_CANCELLED, event.detail, 487)
        return Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP, event.detail)
