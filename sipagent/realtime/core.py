"""The client's half of the protocol, without a socket: messages in, messages and events out.

One core is one connection. What an answer needs that takes time, tools, handoffs and guardrails,
is handed out as work and comes back; work of a connection that is gone comes back to a core that
nobody listens to any more. A driver feeds what it receives and drains ``out`` after every call.
No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailRun
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import ToolOutcome
from sipagent.errors import WireError
from sipagent.wire import client, server
from sipagent.wire.codec import read_server
from sipagent.wire.events import Event, Json

from . import events
from .approvals import Approvals
from .blocking import block
from .check_desk import AnswerDelta, CheckDesk
from .configuring import Configuring
from .connection_events import TransportEvent
from .history import History
from .history_feed import HistoryFeed
from .history_items import HistoryItem
from .history_update import PendingUpdates
from .mcp_desk import McpDesk
from .options import SessionOptions
from .outbox import Outbox, OutputCheck
from .playback import AttachedPlayback, Playback
from .response_desk import ResponseDesk
from .speech import Speech, speech_of
from .telling import AnswerPart, told_of_answer, told_of_caller, told_of_error
from .tool_calls import HandoffCall
from .tool_desk import ToolDesk
from .usage import Usage, UsageMeter

log = logging.getLogger(__name__)


class SessionCore:
    """Decide what a session sends and tells.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
        playback: Knows what was heard; of a session that was begun by a phone call at the
            provider an ``AttachedPlayback``.
        approvals: Of the session, whatever its connection.
        generation: Of the connection, from 1.
        is_accepted: Whether an attached session was configured when its call was accepted.
        history: Items that an attached conversation has already.
        before: Of the connection before; None: there was none.
    """

    def __init__(
        self,
        agent: ResolvedAgent,
        options: SessionOptions,
        playback: Playback,
        *,
        approvals: Approvals | None = None,
        generation: int = 0,
        is_accepted: bool = False,
        history: Sequence[Json] = (),
        before: SessionCore | None = None,
    ) -> None:
        self.out = Outbox()
        self.agent, self._options = agent, options
        is_attached = isinstance(playback, AttachedPlayback)
        self._must_go_on = is_attached and before is None and not is_accepted
        self._updates = PendingUpdates()
        if before is None or not is_attached:
            self._feed = HistoryFeed(store_audio=options.history_store_audio)
            self._feed.history.restore(history)
            self.tools = ToolDesk(
                self.out,
                self._feed,
                approvals or Approvals(),
                generation,
                options.tool_response_policy,
                is_attached=is_attached,
            )
            must_respond = options.automatically_trigger_response_for_mcp_tool_calls
            self.mcp = McpDesk(self.out, must_respond=must_respond)
            guardrails, debounce = options.output_guardrails, options.debounce_text_length
            self._checks = CheckDesk(self.out, guardrails, debounce)
        else:  # the endpoint has the same conversation still: what runs or waits goes on
            self._feed, self.tools, self.mcp = before._feed, before.tools, before.mcp
            self._checks = before._checks
            for desk in (self.tools, self.mcp, self._checks):
                desk.move(self.out)
            if before.out.sequencer.may_be_ongoing:
                self.out.sequencer.doubt()
        self._meter: UsageMeter = UsageMeter() if before is None else before._meter
        self._responses = ResponseDesk(self.out, self._feed, self._meter)
        speech_before = None if before is None else before.speech
        self.speech: Speech = speech_of(self.out, options, playback, self.history, speech_before)
        if before is None:
            self.configuring = Configuring.first(
                self.out, options, agent, is_attached=is_attached, is_accepted=is_accepted
            )
        else:
            has_spoken = self.speech.has_spoken
            self.configuring = before.configuring.again(self.out, agent, has_spoken=has_spoken)

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self.agent.agent

    @property
    def history(self) -> History:
        """The conversation as the endpoint has it."""
        return self._feed.history

    @property
    def usage(self) -> Usage:
        """Tokens so far, of connections before too."""
        return self._meter.total

    @property
    def is_configured(self) -> bool:
        """Whether the endpoint has the session as it was asked for."""
        return self.configuring.is_confirmed

    @property
    def expires_at(self) -> float | None:
        """When the endpoint ends the session, in Unix seconds, as far as it says."""
        return self.configuring.expires_at

    # What the owner wants.

    def open(self, replay: Sequence[client.ConversationItemCreate] = ()) -> None:
        """Send the configuration, before everything else, and what is retold of a session before.

        Tools that ran in a process that is gone are answered for it.

        Args:
            replay: Items of the conversation so far.
        """
        self.configuring.open()
        self.out.send(*replay)
        if self._must_go_on:
            self.tools.interrupted(self.history.unanswered)

    def resume(self, before: SessionCore) -> None:
        """Say what may not have come through any more, of a call that is attached to again."""
        must_respond = self.tools.resumed(is_asked=before.out.sequencer.is_asked)
        self.out.take_over(before.out, must_respond=must_respond)

    def send(self, event: Event) -> None:
        """Send an event of the owner's own; responses wait for their turn."""
        match event:
            case client.ResponseCreate():
                self._responses.ask(event)
            case client.ResponseCancel():
                self._responses.cancel(event)
            case client.SessionUpdate():
                self.configuring.update(event)
            case _:
                self.out.send(event)

    def update_history(self, wanted: Sequence[HistoryItem | Json]) -> None:
        """Ask for the conversation that is wanted.

        Raises:
            HistoryUpdateError: If an item is needed that cannot be created.
        """
        self.out.send(*self._updates.update(self.history.items, wanted))

    def update_agent(self, agent: ResolvedAgent, *, now: float) -> None:
        """Let another agent go on; formats survive, since the last configuration is the base."""
        previous, self.agent = self.agent, agent
        self.configuring.hand_over(agent, has_spoken=self.speech.has_spoken)
        self.out.tell(events.HandedOff(previous.agent.name, agent.agent.name, now))
        self.mcp.agent_changed(agent, now=now)

    # What comes back.

    def handed_over(
        self,
        call: HandoffCall,
        agent: ResolvedAgent | None,
        outcome: ToolOutcome,
        *,
        now: float,
    ) -> None:
        """Let ``agent`` go on, then answer the call; None: it could not be done."""
        if agent is not None:
            self.update_agent(agent, now=now)
        self.tools.handed_over(call, outcome, now=now)

    def checked(self, work: OutputCheck, runs: Sequence[GuardrailRun], *, now: float) -> None:
        """Take what guardrails said of a text; stop the answer if one tripped."""
        trip = self._checks.checked(work, runs, now=now)
        if trip is not None:
            block(trip, self.out, self.speech, now=now)

    # What the endpoint says.

    def receive(self, message: str | bytes, *, now: float) -> None:
        """Take one message; what cannot be understood is logged by its kind and dropped."""
        try:
            event, raw = read_server(message)
        except WireError as error:
            log.warning("! dropped a message of the endpoint (%s)", error.param or "not JSON")
            return
        if self._options.transport_events:
            self.out.tell(TransportEvent(raw, now))
        if isinstance(event, server.ResponseOutputAudioDelta):
            agent = self.tools.agent_of(event.response_id, self.agent).agent
            self.speech.audio_delta(event, agent, now=now)
            return
        self._updates.received(event)
        told, asked = self._feed.take(event, now=now)
        self.out.tell(*told)
        self.out.send(*asked)
        self.mcp.take(event, self.agent, now=now)
        self.tools.take(event)
        match event:
            case server.SessionCreated(session=session):
                self.speech.configured(session)
                self.configuring.created(session, now=now)
            case server.SessionUpdated(session=session):
                self.speech.configured(session)
                self.configuring.updated(session, now=now)
            case server.ErrorEvent():
                self._error(event.error, now)
            case server.ResponseCreated(response=response):
                self._response_created(response, now)
            case server.ResponseDone(response=response):
                self._response_done(response, now)
            case server.ResponseOutputItemDone(response_id=response_id, item=item):
                is_call = item.get("type") == "function_call" and item.get("status") == "completed"
                if is_call and not self._responses.is_aside(response_id):
                    self.tools.called(response_id, item, self.agent, now=now)
            case _ if isinstance(event, AnswerPart):
                self._answer_part(event, now)
            case _:
                told_of_line = told_of_caller(event, now=now)
                self.out.tell(*([] if told_of_line is None else [told_of_line]))
        self.speech.take(event, now=now)

    def _answer_part(self, part: AnswerPart, now: float) -> None:
        if self.speech.is_dropped(part.response_id):
            return
        self.out.tell(told_of_answer(part, now=now))
        if isinstance(part, AnswerDelta):
            agent = self.tools.agent_of(part.response_id, self.agent).agent
            self._checks.take(part, agent, now=now)

    def _response_created(self, response: Json, now: float) -> None:
        response_id = self._responses.created(response, self.current_agent, now=now)
        if response_id is None:
            return
        self.speech.response_created(response_id)
        self.out.sequencer.response_created()
        self.tools.response_created(response_id, self.agent)
        self._checks.response_created(response_id)

    def _response_done(self, response: Json, now: float) -> None:
        done = self._responses.done(response, now=now)
        if done is None:
            return
        agent = self.tools.agent_of(done.response_id, self.agent).agent
        self.speech.response_done(done.response_id)
        self._responses.ended(response, agent, now=now)
        self._checks.response_done(agent, response, now=now)
        # Before the next is sent: what waits and what its calls want may be one.
        self.tools.response_done(done.response_id, was_cancelled=done.status == "cancelled")
        self.out.send(*self.out.sequencer.response_done())

    def _error(self, error: server.ErrorDetail, now: float) -> None:
        is_ours, messages = self.out.sequencer.refused(error.event_id, error.code, error.message)
        self.out.send(*messages)
        self.configuring.refused(error.event_id)
        told = told_of_error(error, now=now)
        if told is None or self.tools.is_refused_again(error.event_id):
            log.debug("! %s", error.code)
            return
        if not self.is_configured and not is_ours:
            log.error("! the endpoint refused our session: %s %s", error.param, error.message)
        self.out.tell(told)
