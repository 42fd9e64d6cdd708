"""One session attached to a call at the provider: turns, digits, and what is told of them.

Runs on the loop, driven by ``AttachedCall``, which hands it every session event in order. Nothing
here waits for the network: what goes to the session is queued, see ``session_commands``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sipagent.deadlines import earliest
from sipagent.dialplan.backend import DELEGATE_TOOL
from sipagent.realtime import events as session_events
from sipagent.realtime.call_end import ENDED
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import (
    DtmfReceived,
    GuardrailTripped,
    OutputCleared,
    OutputStarted,
    OutputStopped,
    UserTranscriptDelta,
)

from . import facts
from .answer_gap import AnswerGap
from .attached_events import AttachedEvent, CallOver
from .attached_session import silence_ms
from .attached_turns import AttachedTurns
from .digits import DigitBatch
from .events import AgentFellSilent
from .failures import failure_of
from .session_commands import Session, SessionCommands
from .setup import CallSetup
from .speech_so_far import SpeechSoFar
from .telling import fact_of, failed_response
from .termination import Reason
from .usage_fact import usage_fact


class AttachedConversation:
    """Follow a conversation that the endpoint carries; tell what happens.

    Args:
        setup: The call's share of its plan.
        session: Not yet connected; the caller of this class connects and closes it.
        agent: Name of who speaks first.
        tell: Where facts go.
        post: Where events for the call's controller go.
    """

    def __init__(
        self,
        setup: CallSetup,
        session: Session,
        agent: str,
        *,
        tell: Callable[[facts.Fact], None],
        post: Callable[[AttachedEvent], None],
    ) -> None:
        self._tell, self._post = tell, post
        self._filler = "" if setup.backend is None else setup.backend.filler
        self._delegations: set[str] = set()
        self._greeting, self._gap = setup.greeting, AnswerGap(silence_ms(setup))
        self._now = asyncio.get_running_loop().time
        self._turns = AttachedTurns()
        self._so_far = SpeechSoFar()
        self.commands = SessionCommands(session)
        """What is asked of the session."""
        self._digits = None if setup.digits is None else DigitBatch(setup.digits)
        self._is_caller_speaking = False
        self._blocked: set[str] = set()
        self._lost_at: float | None = None
        self.agent = agent

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is being said or made."""
        return self._turns.is_silent

    @property
    def has_session(self) -> bool:
        """Tell whether there is a session; False while it is attached to again after a loss."""
        return self._lost_at is None

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        keys_until = None if self._digits is None else self._digits.deadline()
        return earliest((self._turns.deadline(), self._so_far.deadline(), keys_until))

    async def send_commands(self) -> None:
        """Send queued commands to the session, in order, until cancelled."""
        await self.commands.run()

    def greet(self) -> None:
        """Have the agent speak first, if the plan wants it."""
        if self._greeting:
            self.commands.respond(self._greeting)

    def finish(self) -> None:
        """Tell what was being said when the call ended."""
        self._tell_all(self._turns.finish(self._now(), is_cut=True))

    def handle_timer(self, now: float) -> None:
        """Act on :meth:`deadline`."""
        self._tell_all(self._turns.due(now))
        self._tell_all(self._so_far.due(self._turns.so_far(now), now))
        if self._digits is not None and (text := self._digits.due(now)) is not None:
            self.commands.message(text)

    # What the session says.

    def handle(self, event: session_events.SessionEvent) -> None:
        """Act on one session event."""
        if (fact := fact_of(event)) is not None:
            self._tell(fact)
        match event:
            case session_events.SpeechStarted(item_id=item_id):
                self._is_caller_speaking = True
                self._tell(facts.CallerSpeechStarted(item_id))
            case session_events.SpeechStopped(item_id=item_id, at=at):
                self._caller_stopped(item_id, at)
            case DtmfReceived(digit=digit):
                self._digit_pressed(digit)
            case session_events.ToolStarted() | session_events.ToolEnded():
                self._delegated(event)
            case session_events.HandedOff(to_agent=new):
                self.agent = new
            case session_events.ResponseDone():
                self._response_done(event)
            case GuardrailTripped():
                self._tripped(event)
            case OutputStarted() | OutputStopped() | OutputCleared():
                self._output(event)
            case ConnectionLost() | Reconnected() | session_events.Disconnected():
                self._connection(event)
            case session_events.SessionErrorReported():
                self._post_failure(event)
            case _:
                self._said(event)

    def _said(self, event: session_events.SessionEvent) -> None:
        match event:
            case session_events.ResponseStarted(response_id=response_id):
                self._turns.response_started(response_id, self.agent)
            case session_events.AgentTranscriptDelta(response_id=response_id, item_id=item_id):
                self._tell_all(self._turns.add_delta(response_id, item_id, event.delta))
            case session_events.AgentTranscript(response_id=response_id, item_id=item_id):
                self._tell(facts.AgentWorded(item_id, self.agent, event.text))
                self._tell_all(self._turns.finish_transcript(response_id, item_id, event.text))
            case session_events.ItemTruncated(item_id=item_id, audio_end_ms=audio_end_ms):
                self._tell_all(self._turns.truncated(item_id, audio_end_ms))
            case UserTranscriptDelta(item_id=item_id, delta=delta):
                self._so_far.caller_said_more(item_id, delta, self._now())
            case session_events.UserTranscript(item_id=item_id):
                self._so_far.caller_said(item_id)
            case _:
                pass

    def _caller_stopped(self, item_id: str, at: float) -> None:
        self._is_caller_speaking = False
        self._tell(facts.CallerSpeechStopped(item_id))
        self._gap.caller_stopped(at)

    def _digit_pressed(self, digit: str) -> None:
        self._tell(facts.DigitPressed(digit))
        if self._digits is not None and (text := self._digits.press(digit, self._now())):
            self.commands.message(text)

    def _delegated(self, event: session_events.ToolStarted | session_events.ToolEnded) -> None:
        """Have the agent say that it takes a moment: there is no audio of ours on the line."""
        if event.name != DELEGATE_TOOL:
            return
        if isinstance(event, session_events.ToolEnded):
            self._delegations.discard(event.tool_call_id)
            return
        if self._filler and not self._delegations:
            self.commands.respond(f"Say exactly: {self._filler}")
        self._delegations.add(event.tool_call_id)

    def _response_done(self, event: session_events.ResponseDone) -> None:
        self._tell(usage_fact(event.usage))
        is_whole = event.status == "completed"
        self._tell_all(self._turns.response_done(event.response_id, is_whole=is_whole))
        if (failed := failed_response(event)) is not None:
            self._tell(failed)
        self._post_failure(event)
        self._notice_silence()

    def _tripped(self, event: GuardrailTripped) -> None:
        trip = event.trip
        self._blocked.add(trip.response_id)
        heard_ms = self._turns.heard_ms(trip.response_id, trip.at)
        self._tell(facts.AnswerBlocked(trip.item_id, trip.tripwire.guardrail, 0, heard_ms))

    def _output(self, event: OutputStarted | OutputStopped | OutputCleared) -> None:
        response_id, at = event.response_id, event.at
        match event:
            case OutputStarted():
                gap_ms = self._gap.answered(at)
                self._tell_all(self._turns.output_started(response_id, at, gap_ms))
                self._so_far.agent_sounds(at)
            case OutputStopped():
                self._tell_all(self._turns.output_stopped(response_id, at))
                self._so_far.agent_fell_silent()
            case OutputCleared():
                by_caller = self._is_caller_speaking and response_id not in self._blocked
                cleared = self._turns.output_cleared(response_id, at, by_caller=by_caller)
                self._tell_all(cleared)
                self._so_far.agent_fell_silent()
        self._notice_silence()

    def _connection(
        self, event: ConnectionLost | Reconnected | session_events.Disconnected
    ) -> None:
        match event:
            case ConnectionLost(reason=reason, at=at):
                self._lost_at = at
                self._tell(facts.SessionLost(reason))
            case Reconnected(at=at):
                self._reattached(at)
            case session_events.Disconnected(expected=False, close_code=code) if code == ENDED:
                self._post(CallOver(Reason.CALLER_HUNG_UP))
            case session_events.Disconnected():
                self._post_failure(event)

    def _reattached(self, at: float) -> None:
        """Expect no word about what was being said: it may have come to nobody."""
        lost_at, self._lost_at = self._lost_at, None
        outage_ms = 0 if lost_at is None else round((at - lost_at) * 1000)
        self._tell(facts.SessionReplaced("lost", outage_ms))
        self._is_caller_speaking = False
        self._gap.forget()
        self._delegations.clear()
        self._tell_all(self._turns.finish(at, is_cut=False))
        self._notice_silence()

    def _post_failure(self, event: session_events.SessionEvent) -> None:
        failed = failure_of(event, is_replaced=False)  # a call ends with its session
        if failed is not None:
            self._post(failed)

    def _notice_silence(self) -> None:
        if self.is_silent:
            self._post(AgentFellSilent())

    def _tell_all(self, told: Sequence[facts.Fact]) -> None:
        for fact in told:
            self._tell(fact)
