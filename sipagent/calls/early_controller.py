"""The beginning of an incoming call that is heard before it is answered (183 with SDP, RFC 3960).

The agent's greeting:

    CONNECTING  --SessionReady-->     EARLY       183; the greeting begins when there is media
    EARLY       --AgentFellSilent-->  ANSWERING   it was heard: answer

A file, which stands in for ringing:

    NEW         --CallStarted-->      CONNECTING  183, open the session; the file begins with media
    CONNECTING  --SessionReady-->     EARLY       unless the file was heard: then answer
    EARLY       --EarlyMediaPlayed--> ANSWERING   answer

In both, ``answer_after_s`` of early media are enough, and what is left of a file is dropped.
No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .commands import (
    Answer,
    CallCommand,
    OpenSession,
    PlayEarlyMedia,
    Progress,
    StartConversation,
    StopEarlyMedia,
)
from .controller import CallPolicy, State
from .events import (
    AgentFellSilent,
    CallEvent,
    CallStarted,
    EarlyMediaPlayed,
    LegDisconnected,
    MediaBegan,
    SessionReady,
)
from .incoming_controller import CONFIRM_LIMIT_S, IncomingController
from .termination import Reason, Result, Termination

EARLY_LIMIT_S = 60.0
"""Networks give up a call that is not answered after a minute or three (RFC 3261 section 13.3.1.1:
a proxy may cancel)."""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """What is heard before the answer."""

    kind: Literal["greeting", "file"]
    answer_after_s: float | None = None
    """From its first sound; None: once it was heard."""


class EarlyController(IncomingController):
    """Decide the life of one call that is heard before it is answered; carry nothing out."""

    def __init__(self, policy: CallPolicy, early: EarlyMedia) -> None:
        super().__init__(policy)
        self._early = early
        self._is_file = early.kind == "file"
        self._answer_at: float | None = None
        self._is_heard = self._has_conversation = False

    def _begin(self, event: CallEvent, *, now: float) -> list[CallCommand]:
        match event:
            case CallStarted() if self._is_file:
                self._enter(State.CONNECTING, now + self._policy.ready_within_s)
                return [Progress(), OpenSession()]
            case SessionReady() if self.state is State.CONNECTING:
                return self._ready(now=now)
            case MediaBegan() if self.state in {State.CONNECTING, State.EARLY}:
                return self._sounds(now=now)
            case EarlyMediaPlayed():
                self._is_heard = True
                return self._answer(now=now) if self.state is State.EARLY else []
            case AgentFellSilent() if self.state is State.EARLY and self._has_conversation:
                return self._answer(now=now) if self._early.answer_after_s is None else []
            case _:
                return super()._begin(event, now=now)

    def _ready(self, *, now: float) -> list[CallCommand]:
        is_due = self._answer_at is not None and now >= self._answer_at
        if self._is_file and (self._is_heard or is_due):
            return self._answer(now=now)
        self._enter(State.EARLY, self._answer_at or now + EARLY_LIMIT_S)
        return [] if self._is_file else [Progress()]

    def _sounds(self, *, now: float) -> list[CallCommand]:
        if self._early.answer_after_s is not None:
            self._answer_at = now + self._early.answer_after_s
        if self.state is State.EARLY and self._answer_at is not None:
            self._enter(State.EARLY, self._answer_at)
        if self._is_file:
            return [PlayEarlyMedia()]
        self._has_conversation = True
        return [StartConversation()]

    def _answer(self, *, now: float) -> list[CallCommand]:
        self._enter(State.ANSWERING, now + CONFIRM_LIMIT_S)
        return [*self._hush(), Answer()]

    def _confirm(self, *, now: float) -> list[CallCommand]:
        if self.state is State.ANSWERING and self._has_conversation:
            self._is_confirmed = True
            self._enter(State.TALKING, None)
            return []
        return super()._confirm(now=now)

    def _begin_failed(self, failure: Termination, *, now: float) -> list[CallCommand]:
        return [*self._hush(), *super()._begin_failed(failure, now=now)]

    def _begin_expired(self, *, now: float) -> list[CallCommand]:
        if self.state is State.EARLY:
            return self._answer(now=now)
        return super()._begin_expired(now=now)

    def _ended_by_peer(self, event: LegDisconnected) -> Termination:
        if self.state is State.EARLY:
            return Termination(Result.ABANDONED, Reason.CALLER_CANCELLED, event.detail, 487)
        return super()._ended_by_peer(event)

    def _hush(self) -> list[CallCommand]:
        return [StopEarlyMedia()] if self._is_file and not self._is_heard else []
