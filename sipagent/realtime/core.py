"""The client's half of the protocol, without a socket: messages in, messages and events out.

One core is one connection. What an answer needs that takes time, tools, handoffs and guardrails,
is handed out as work and comes back; work of a connection that is gone comes back to a core that
nobody listens to any more. A driver feeds what it receives and drains ``out`` after every call.
No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailRun
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import ToolOutcome
from sipagent.errors import WireError
from sipagent.wire import client, server
from sipagent.wire.codec import read_server
from sipagent.wire.events import Event, Json

from . import conversation_events, events
from .approvals import Approvals
from .attached_speech import AttachedSpeech
from .check_desk import CheckDesk
from .configuring import Configuring
from .connection_events import TransportEvent
from .guardrail_runs import Remedy, Source, Trip
from .history import History
from .history_feed import HistoryFeed
from .history_items import AssistantMessage, HistoryItem
from .history_update import PendingUpdates
from .mcp_desk import McpDesk
from .options import SessionOptions
from .outbox import Outbox, OutputCheck
from .playback import AttachedPlayback, HeardItem, Playback
from .responses import is_out_of_band, last_text, response_done
from .sequencer import ACTIVE_RESPONSE
from .streamed_speech import StreamedSpeech
from .telling import AnswerPart, told_of_answer, told_of_caller
from .tool_calls import HandoffCall
from .tool_desk import ToolDesk
from .usage import Usage

log = logging.getLogger(__name__)

BENIGN_ERRORS = frozenset(
    {ACTIVE_RESPONSE, "response_cancel_not_active", "input_audio_buffer_commit_empty"}
)
"""Races every client has; not worth telling anybody."""

FATAL_ERRORS = frozenset(
    {"session_expired", "invalid_api_key", "model_not_found", "insufficient_quota"}
)


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
        self.usage: Usage = Usage() if before is None else before.usage
        self._feed = HistoryFeed(store_audio=options.history_store_audio)
        self._feed.history.restore(history)
        is_attached = isinstance(playback, AttachedPlayback)
        if before is not None and is_attached:
            self._feed = before._feed  # the endpoint has the same conversation still
        self.speech = _speech(self.out, options, playback, self.history, before)
        if before is None:
            self.configuring = Configuring.first(
                self.out, options, agent, is_attached=is_attached, is_accepted=is_accepted
            )
        else:
            has_spoken = self.speech.has_spoken
            self.configuring = before.configuring.again(self.out, agent, has_spoken=has_spoken)
        self.tools = ToolDesk(
            self.out,
            self._feed,
            approvals or Approvals(),
            generation,
            options.tool_response_policy,
            is_attached=is_attached,
        )
        self._must_go_on = is_attached and before is None and not is_accepted
        self._checks = CheckDesk(self.out, options.output_guardrails, options.debounce_text_length)
        self.mcp = McpDesk(
            self.out, must_respond=options.automatically_trigger_response_for_mcp_tool_calls
        )
        if before is not None and is_attached:
            self.tools, self.mcp = before.tools, before.mcp  # what runs or waits goes on
            self.tools.move(self.out)
            self.mcp.move(self.out)
        self._updates = PendingUpdates()
        self._aside: set[str] = set()

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self.agent.agent

    @property
    def history(self) -> History:
        """The conversation as the endpoint has it."""
        return self._feed.history

    @property
    def is_configured(self) -> bool:
        """Whether the endpoint has the session as it was asked for."""
        return self.configuring.is_confirmed

    @property
    def expires_at(self) -> float | None:
        """When the endpoint ends the session, in Unix seconds, as far as it says."""
        return self.configuring.expires_at

    @property
    def response_id(self) -> str:
        """Of the response under way, or the last."""
        return self.speech.response_id

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
            case client.ResponseCreate(response=response, event_id=event_id):
                if response.get("conversation") == "none":
                    self.out.request_response_aside(response, event_id)
                else:
                    self.out.request_response(response, event_id)
            case client.ResponseCancel(response_id=response_id) if response_id in self._aside:
                self.out.send(event)
            case client.ResponseCancel() if not self.out.sequencer.cancel():
                pass
            case client.SessionUpdate():
                self.configuring.update(event)
            case _:
                self.out.send(event)

    def send_message(self, item: Json, *, must_respond: bool = True, **more: Any) -> None:
        """Add an item, and have it answered."""
        self.out.send(client.ConversationItemCreate(item=item, **more))
        if must_respond:
            self.out.request_response()

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

    def interrupt(self, heard: Sequence[HeardItem] | None, *, cancel: bool, now: float) -> None:
        """Cut the agent off.

        Args:
            heard: Every item that was being played or waited for it, first item first; None: what
                the playback says. Of no interest where the endpoint plays.
            cancel: Whether to cancel the response, which an endpoint with ``interrupt_response``
                does by itself.
            now: Monotonic seconds.
        """
        self.speech.interrupt(heard, cancel=cancel, now=now)

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
            self._stop(trip, now)

    def _stop(self, trip: Trip, now: float) -> None:
        match trip.remedy:
            case Remedy.NONE:
                return
            case Remedy.INTERRUPT:
                self.speech.stop(trip.response_id, now=now)
            case Remedy.CANCEL:
                if self.out.sequencer.cancel():
                    self.out.send(client.ResponseCancel(response_id=trip.response_id))
            case Remedy.REPLY:
                pass
        if trip.tripwire.instead:
            self.out.request_response({"instructions": trip.tripwire.instead})
        else:
            self.send_message(user_text(trip.feedback))

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
                is_call = item.get("type") == "function_call"
                if is_call and item.get("status") == "completed" and response_id not in self._aside:
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
        match part:
            case server.ResponseOutputAudioTranscriptDelta():
                self._check(part, "audio", now)
            case server.ResponseOutputTextDelta():
                self._check(part, "text", now)
            case _:
                pass

    def _check(
        self,
        part: server.ResponseOutputAudioTranscriptDelta | server.ResponseOutputTextDelta,
        source: Source,
        now: float,
    ) -> None:
        agent = self.tools.agent_of(part.response_id, self.agent).agent
        response_id, item_id, delta = part.response_id, part.item_id, part.delta
        self._checks.text_delta(agent, response_id, item_id, delta, source, now=now)

    def _response_created(self, response: Json, now: float) -> None:
        response_id = str(response.get("id", ""))
        if is_out_of_band(response):
            self._aside.add(response_id)
            self._feed.ignore(response_id)
            return
        self.speech.response_created(response_id)
        self.out.sequencer.response_created()
        self.tools.response_created(response_id, self.agent)
        self._checks.response_created(response_id)
        self.out.tell(
            events.ResponseStarted(response_id, now),
            conversation_events.AgentStarted(self.current_agent, response_id, now),
        )

    def _response_done(self, response: Json, now: float) -> None:
        done = response_done(response, now=now)
        self.usage += done.usage
        self.out.tell(done)
        self.out.tell(
            conversation_events.UsageReported(done.response_id, done.usage, self.usage, now)
        )
        if done.response_id in self._aside:
            self._aside.discard(done.response_id)
            return
        agent = self.tools.agent_of(done.response_id, self.agent).agent
        self.speech.response_done(done.response_id)
        self.out.tell(
            conversation_events.AgentEnded(agent, done.response_id, last_text(response), now)
        )
        self._checks.response_done(agent, response, now=now)
        # Before the next is sent: what waits and what its calls want may be one.
        self.tools.response_done(done.response_id, was_cancelled=done.status == "cancelled")
        self.out.send(*self.out.sequencer.response_done())

    def _error(self, error: server.ErrorDetail, now: float) -> None:
        is_ours, messages = self.out.sequencer.refused(error.event_id, error.code, error.message)
        self.out.send(*messages)
        if error.code in BENIGN_ERRORS or self.tools.is_refused_again(error.event_id):
            log.debug("! %s", error.code)
            return
        if not self.is_configured and not is_ours:
            log.error("! the endpoint refused our session: %s %s", error.param, error.message)
        self.out.tell(
            events.SessionErrorReported(
                error.code or error.type,
                error.message,
                error.param or "",
                error.code in FATAL_ERRORS,
                now,
            )
        )


def _speech(
    out: Outbox,
    options: SessionOptions,
    playback: Playback,
    history: History,
    before: SessionCore | None,
) -> StreamedSpeech | AttachedSpeech:
    if not isinstance(playback, AttachedPlayback):
        barge_in = options.barge_in
        return StreamedSpeech(out, playback, options.output_audio_format, barge_in=barge_in)
    was_heard = any(isinstance(item, AssistantMessage) for item in history.items)
    has_spoken = before is not None and before.speech.has_spoken
    return AttachedSpeech(out, playback, has_spoken=was_heard or has_spoken)


def user_text(text: str) -> Json:
    """Return the item of a user message."""
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}
