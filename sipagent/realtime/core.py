"""The client's half of the protocol, without a socket: messages in, messages and events out.

One core is one connection. What an answer needs that takes time, tools, handoffs and guardrails,
is handed out as work and comes back; work of a connection that is gone comes back to a core that
nobody listens to any more. A driver feeds what it receives and drains ``out`` after every call.
No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailRun
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import ToolOutcome
from sipagent.audio.formats import AudioFormat
from sipagent.errors import WireError
from sipagent.wire import client, server
from sipagent.wire.codec import read_server
from sipagent.wire.events import Event, Json

from . import conversation_events, events
from .approvals import Approvals
from .check_desk import CheckDesk
from .guardrail_runs import Remedy, Source, Trip
from .history_feed import HistoryFeed
from .history_items import HistoryItem
from .history_update import PendingUpdates
from .mcp_desk import McpDesk
from .options import SessionOptions
from .outbox import Outbox, OutputCheck
from .playback import HeardItem, Playback
from .responses import is_out_of_band, last_text, response_done
from .sequencer import ACTIVE_RESPONSE
from .session_config import AgentParts, handoff_config, initial_config
from .telling import AnswerPart, told_of_answer, told_of_caller
from .tool_calls import HandoffCall
from .tool_desk import ToolDesk
from .tracing import tracing_update
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
        playback: Knows what was heard.
        approvals: Of the session, whatever its connection.
        generation: Of the connection, from 1.
        usage: Of the connections before.
        is_attached: Whether the session was begun by a phone call at the provider.
        config: What the connection before was configured with; None: there was none.
    """

    def __init__(
        self,
        agent: ResolvedAgent,
        options: SessionOptions,
        playback: Playback,
        *,
        approvals: Approvals | None = None,
        generation: int = 0,
        usage: Usage | None = None,
        is_attached: bool = False,
        config: Json | None = None,
    ) -> None:
        self.out = Outbox()
        self.agent = agent
        self.is_configured = False
        self.usage = usage or Usage()
        self.expires_at: float | None = None
        """Unix seconds, as the endpoint says."""
        self._options, self._playback = options, playback
        if config is None:
            self.config = initial_config(options, _parts(agent), is_attached=is_attached)
        else:
            self.config = handoff_config(config, options, _parts(agent), has_spoken=False)
        self._format = options.output_audio_format
        self._feed = HistoryFeed(store_audio=options.history_store_audio)
        self.tools = ToolDesk(
            self.out, self._feed, approvals or Approvals(), generation, options.tool_response_policy
        )
        self._checks = CheckDesk(self.out, options.output_guardrails, options.debounce_text_length)
        self.mcp = McpDesk(
            self.out, must_respond=options.automatically_trigger_response_for_mcp_tool_calls
        )
        self._updates = PendingUpdates()
        self._received_bytes: dict[tuple[str, int], int] = {}
        self.response_id = ""
        """Of the response under way, or the last."""
        self._audible: set[str] = set()
        self._interrupted: set[str] = set()
        self._aside: set[str] = set()
        self._is_auto_cancelling = False
        self._is_traced = False

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self.agent.agent

    @property
    def history(self) -> HistoryFeed:
        """The conversation as the endpoint has it."""
        return self._feed

    # What the owner wants.

    def open(self, replay: Sequence[client.ConversationItemCreate] = ()) -> None:
        """Send the configuration, before everything else, and what is retold of a session before.

        Args:
            replay: Items of the conversation so far.
        """
        self.out.send(client.SessionUpdate(session=self.config))
        self.out.send(*replay)

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
            case client.SessionUpdate(session=session):
                self.config = _merged(self.config, session)
                self.out.send(event)
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
        self.out.send(*self._updates.update(self._feed.history.items, wanted))

    def update_agent(self, agent: ResolvedAgent, *, now: float) -> None:
        """Let another agent go on; formats survive, since the last configuration is the base."""
        previous, self.agent = self.agent, agent
        has_spoken = bool(self._received_bytes)
        self.config = handoff_config(
            self.config, self._options, _parts(agent), has_spoken=has_spoken
        )
        self.out.send(client.SessionUpdate(session=self.config))
        self.out.tell(events.HandedOff(previous.agent.name, agent.agent.name, now))
        self.mcp.agent_changed(agent, now=now)

    def interrupt(self, heard: Sequence[HeardItem], *, cancel: bool, now: float) -> None:
        """Tell the endpoint what was not heard, first item first.

        Args:
            heard: Every item that was being played or waited for it.
            cancel: Whether to cancel the response, which an endpoint with ``interrupt_response``
                does by itself.
            now: Monotonic seconds.
        """
        is_ongoing = self.out.sequencer.is_ongoing and bool(self.response_id)
        is_cancelled = is_ongoing and cancel and self.out.sequencer.cancel()
        if is_ongoing:
            self._interrupted.add(self.response_id)
        if is_cancelled:
            self.out.send(client.ResponseCancel())
        if heard or is_cancelled:
            first = heard[0] if heard else None
            self.out.tell(
                conversation_events.AudioInterrupted(
                    first.item_id if first else "",
                    first.content_index if first else 0,
                    first.heard_ms if first else 0,
                    now,
                )
            )
        for item in heard:
            if item.finished and item.heard_ms >= item.received_ms:
                continue
            received_ms = self._received_ms(item.item_id, item.content_index)
            self.out.send(
                client.ConversationItemTruncate(
                    item_id=item.item_id,
                    content_index=item.content_index,
                    audio_end_ms=max(0, min(item.heard_ms, received_ms)),
                )
            )

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
                heard = self._playback.interrupt(trip.response_id, now)
                self.interrupt(heard, cancel=True, now=now)
            case Remedy.CANCEL:
                if self.out.sequencer.cancel():
                    self.out.send(client.ResponseCancel(response_id=trip.response_id))
            case Remedy.REPLY:
                pass
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
            self.out.tell(conversation_events.TransportEvent(raw, now))
        if isinstance(event, server.ResponseOutputAudioDelta):
            self._audio_delta(event, now)
            return
        self._updates.received(event)
        told, asked = self._feed.take(event, now=now)
        self.out.tell(*told)
        self.out.send(*asked)
        self.mcp.take(event, self.agent, now=now)
        match event:
            case server.SessionCreated(session=session):
                self._session_created(session)
            case server.SessionUpdated(session=session):
                self._session_updated(session, now)
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
                self._caller(event, now)

    def _answer_part(self, part: AnswerPart, now: float) -> None:
        if part.response_id in self._interrupted:
            return
        self.out.tell(told_of_answer(part, now=now))
        match part:
            case server.ResponseOutputAudioDone(item_id=item_id):
                self._playback.finished(item_id)
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

    def _caller(self, event: server.ServerEvent, now: float) -> None:
        told = told_of_caller(event, now=now)
        if told is not None:
            self.out.tell(told)
        if (
            isinstance(told, events.SpeechStarted)
            and self._options.barge_in
            and not self._playback.decides_interruptions
        ):
            heard = self._playback.interrupt(self.response_id, now)
            self.interrupt(heard, cancel=not self._is_auto_cancelling, now=now)

    def _session_created(self, session: Json) -> None:
        self._note_session(session)
        if not self._is_traced:
            self._is_traced = True
            wanted = tracing_update(self._options, session)
            if wanted is not None:
                self.out.send(client.SessionUpdate(session=wanted))

    def _session_updated(self, session: Json, now: float) -> None:
        self._note_session(session)
        self.is_configured = True
        self.out.tell(events.SessionConfigured(now))

    def _note_session(self, session: Json) -> None:
        expires_at = session.get("expires_at")
        if isinstance(expires_at, int | float):
            self.expires_at = float(expires_at)
        detection = _at(session, "audio", "input", "turn_detection")
        self._is_auto_cancelling = bool(_at(detection, "interrupt_response"))
        try:
            self._format = AudioFormat.from_wire(_at(session, "audio", "output", "format"))
        except ValueError:
            pass  # said in another way, or not at all: what was asked for holds

    def _response_created(self, response: Json, now: float) -> None:
        response_id = str(response.get("id", ""))
        if is_out_of_band(response):
            self._aside.add(response_id)
            self._feed.ignore(response_id)
            return
        self.response_id = response_id
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
        self._interrupted.discard(done.response_id)
        self._audible.discard(done.response_id)
        self.out.tell(
            conversation_events.AgentEnded(agent, done.response_id, last_text(response), now)
        )
        self._checks.response_done(agent, response, now=now)
        # Before the next is sent: what waits and what its calls want may be one.
        self.tools.response_done(done.response_id, was_cancelled=done.status == "cancelled")
        self.out.send(*self.out.sequencer.response_done())

    def _audio_delta(self, event: server.ResponseOutputAudioDelta, now: float) -> None:
        try:
            audio = b64decode(event.delta, validate=True)
        except (Base64Error, ValueError):
            log.warning("! dropped an audio delta that is not base64")
            return
        response_id, item_id, content_index = event.response_id, event.item_id, event.content_index
        key = item_id, content_index
        self._received_bytes[key] = self._received_bytes.get(key, 0) + len(audio)
        if response_id in self._interrupted:
            return
        if response_id not in self._audible:
            self._audible.add(response_id)
            agent = self.tools.agent_of(response_id, self.agent).agent
            self.out.tell(conversation_events.AudioStarted(agent, response_id, now))
        self._playback.received(item_id, content_index, len(audio) / self._format.bytes_per_ms, now)
        self.out.tell(events.AudioDelta(response_id, item_id, content_index, audio, now))

    def _error(self, error: server.ErrorDetail, now: float) -> None:
        is_ours, messages = self.out.sequencer.refused(error.event_id, error.code, error.message)
        self.out.send(*messages)
        if error.code in BENIGN_ERRORS:
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

    def _received_ms(self, item_id: str, content_index: int) -> int:
        return self._received_bytes.get((item_id, content_index), 0) // self._format.bytes_per_ms


def user_text(text: str) -> Json:
    """Return the item of a user message."""
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


def _parts(agent: ResolvedAgent) -> AgentParts:
    return AgentParts(agent.instructions, agent.prompt, agent.agent.voice, agent.wire_tools())


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _merged(config: Json, update: Json) -> Json:
    """Return the configuration as an endpoint has it after ``update``."""
    audio = {
        direction: {**config["audio"][direction], **(_at(update, "audio", direction) or {})}
        for direction in ("input", "output")
    }
    return {**config, **update, "audio": audio}
