"""The client's half of the protocol, without a socket: messages in, messages and events out.

A driver feeds what it receives, and after every call drains ``take_messages``, ``take_events``
and ``take_tool_calls``. No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Any, Protocol

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import IGNORED_HANDOFF, handoff_output, handoff_target
from sipagent.agents.tools import ToolOutcome
from sipagent.audio.formats import AudioFormat
from sipagent.errors import WireError
from sipagent.wire import client, server
from sipagent.wire.codec import decode_server, encode
from sipagent.wire.events import Event

from . import events
from .options import SessionOptions, initial_config, with_agent
from .responses import response_done
from .sequencer import ACTIVE_RESPONSE, ResponseSequencer
from .tool_calls import ToolCall, ToolCalls

log = logging.getLogger(__name__)

BENIGN_ERRORS = frozenset(
    {ACTIVE_RESPONSE, "response_cancel_not_active", "input_audio_buffer_commit_empty"}
)
"""Races every client has; not worth telling anybody."""

FATAL_ERRORS = frozenset(
    {"session_expired", "invalid_api_key", "model_not_found", "insufficient_quota"}
)


class HeardItem(Protocol):
    """How much of an item was heard; ``audio.playout.Heard`` is one."""

    @property
    def item_id(self) -> str: ...
    @property
    def content_index(self) -> int: ...
    @property
    def heard_ms(self) -> int: ...
    @property
    def received_ms(self) -> int: ...
    @property
    def finished(self) -> bool: ...


class SessionCore:
    """Decide what a session sends and tells.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
    """

    def __init__(self, agent: RealtimeAgent, options: SessionOptions) -> None:
        self.current_agent = agent
        self.is_configured = False
        self._options = options
        self._config = initial_config(agent, options)
        self._format = AudioFormat.from_wire(options.output_format)
        self._sequencer = ResponseSequencer()
        self._tools = ToolCalls()
        self._messages: list[str] = []
        self._events: list[events.SessionEvent] = []
        self._tool_calls: list[ToolCall] = []
        self._received_bytes: dict[tuple[str, int], int] = {}
        self._response_id = ""
        self._interrupted: set[str] = set()

    # Drained by the driver.

    def take_messages(self) -> list[str]:
        """Return what to send, in order."""
        messages, self._messages = self._messages, []
        return messages

    def take_events(self) -> list[events.SessionEvent]:
        """Return what to tell, in order."""
        told, self._events = self._events, []
        return told

    def take_tool_calls(self) -> list[ToolCall]:
        """Return the calls to run."""
        calls, self._tool_calls = self._tool_calls, []
        return calls

    # What the owner wants.

    def open(self) -> None:
        """Send the configuration; before everything else."""
        self._send(client.SessionUpdate(session=self._config))

    def send_text(self, text: str) -> None:
        """Add a user message and ask for an answer."""
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        self._send(client.ConversationItemCreate(item=item))
        self._send(*self._sequencer.request())

    def create_response(self, instructions: str | None) -> None:
        """Ask for a response, with instructions of its own or without."""
        wanted = None if instructions is None else {"instructions": instructions}
        self._send(*self._sequencer.request(wanted))

    def update_agent(self, agent: RealtimeAgent, *, now: float) -> None:
        """Let another agent go on; formats survive, since the last configuration is the base."""
        previous, self.current_agent = self.current_agent, agent
        has_spoken = bool(self._received_bytes)
        self._config = with_agent(
            self._config, agent, self._options, may_change_voice=not has_spoken
        )
        self._send(client.SessionUpdate(session=self._config))
        self._events.append(events.HandedOff(previous.name, agent.name, now))

    def interrupt(self, heard: Sequence[HeardItem], *, cancel: bool) -> None:
        """Tell the endpoint what was not heard, first item first.

        Args:
            heard: Every item that was being played or waited for it.
            cancel: Whether to cancel the response, which an endpoint with ``interrupt_response``
                does by itself.
        """
        if self._sequencer.is_ongoing and self._response_id:
            self._interrupted.add(self._response_id)
            if cancel and self._sequencer.cancel():
                self._send(client.ResponseCancel())
        for item in heard:
            if item.finished and item.heard_ms >= item.received_ms:
                continue
            received_ms = self._received_ms(item.item_id, item.content_index)
            self._send(
                client.ConversationItemTruncate(
                    item_id=item.item_id,
                    content_index=item.content_index,
                    audio_end_ms=max(0, min(item.heard_ms, received_ms)),
                )
            )

    def tool_ended(
        self, call: ToolCall, outcome: ToolOutcome, *, duration_s: float, now: float
    ) -> None:
        """Send a tool's output, and ask the model to go on when it was the last one."""
        self._send_output(call.tool_call_id, outcome.output)
        self._events.append(
            events.ToolEnded(
                call.tool_call_id,
                call.name,
                call.arguments,
                outcome.output,
                outcome.has_failed,
                duration_s,
                now,
            )
        )
        if self._tools.ended(call.response_id, call.tool_call_id, outcome):
            self._send(*self._sequencer.request())

    # What the endpoint says.

    def receive(self, message: str | bytes, *, now: float) -> None:
        """Take one message; what cannot be understood is logged by its kind and dropped."""
        try:
            event = decode_server(message)
        except WireError as error:
            log.warning("! dropped a message of the endpoint (%s)", error.param or "not JSON")
            return
        match event:
            case server.ResponseOutputAudioDelta():
                self._audio_delta(event, now)
            case server.ResponseOutputAudioDone():
                if event.response_id not in self._interrupted:
                    self._tell(
                        events.AudioDone(event.response_id, event.item_id, event.content_index, now)
                    )
            case server.ResponseOutputAudioTranscriptDelta():
                if event.response_id not in self._interrupted:
                    self._tell(
                        events.AgentTranscriptDelta(
                            event.response_id, event.item_id, event.delta, now
                        )
                    )
            case server.ResponseOutputAudioTranscriptDone():
                if event.response_id not in self._interrupted:
                    self._tell(
                        events.AgentTranscript(
                            event.response_id, event.item_id, event.transcript, now
                        )
                    )
            case server.SessionUpdated():
                self.is_configured = True
                self._tell(events.SessionConfigured(now))
            case server.ErrorEvent():
                self._error(event.error, now)
            case _:
                self._receive_turn(event, now)

    def _receive_turn(self, event: server.ServerEvent, now: float) -> None:
        match event:
            case server.InputAudioBufferSpeechStarted():
                self._tell(events.SpeechStarted(event.item_id, event.audio_start_ms, now))
            case server.InputAudioBufferSpeechStopped():
                self._tell(events.SpeechStopped(event.item_id, event.audio_end_ms, now))
            case server.InputAudioTranscriptionCompleted():
                self._tell(events.UserTranscript(event.item_id, event.transcript.strip(), now))
            case server.ConversationItemTruncated():
                self._tell(events.ItemTruncated(event.item_id, event.audio_end_ms, now))
            case server.ResponseCreated():
                self._response_id = str(event.response.get("id", ""))
                self._sequencer.response_created()
                self._tools.begin(self._response_id, self.current_agent)
                self._tell(events.ResponseStarted(self._response_id, now))
            case server.ResponseOutputItemDone():
                if event.item.get("type") == "function_call":
                    self._function_call(event.response_id, event.item, now)
            case server.ResponseDone():
                self._response_done(event.response, now)
            case _:
                pass  # items, parts and rate limits: nothing acts on them

    def _audio_delta(self, event: server.ResponseOutputAudioDelta, now: float) -> None:
        try:
            audio = b64decode(event.delta, validate=True)
        except (Base64Error, ValueError):
            log.warning("! dropped an audio delta that is not base64")
            return
        key = event.item_id, event.content_index
        self._received_bytes[key] = self._received_bytes.get(key, 0) + len(audio)
        if event.response_id not in self._interrupted:
            self._tell(
                events.AudioDelta(event.response_id, event.item_id, event.content_index, audio, now)
            )

    def _function_call(self, response_id: str, item: dict[str, Any], now: float) -> None:
        tool_call_id, name = str(item.get("call_id", "")), str(item.get("name", ""))
        arguments = str(item.get("arguments") or "")
        if item.get("status") != "completed":
            return
        agent = self._tools.agent_of(response_id, self.current_agent)
        if self._tools.is_repeated(tool_call_id):
            if (known := self._tools.outcome_of(tool_call_id)) is not None:
                self._answer(response_id, tool_call_id, known)
            return
        tool = next((each for each in agent.tools if each.name == name), None)
        if tool is not None:
            self._tools.started(response_id, tool_call_id)
            call = ToolCall(response_id, tool_call_id, name, arguments, tool, agent)
            self._tool_calls.append(call)
            self._tell(events.ToolStarted(tool_call_id, name, arguments, now))
            return
        target = handoff_target(agent, name)
        if target is None:
            log.warning("! the model called a tool it does not have: %s", name[:64])
            outcome = ToolOutcome(f"Tool {name} not found", has_failed=True)
        elif not self._tools.may_hand_off(response_id):
            outcome = ToolOutcome(IGNORED_HANDOFF)
        else:
            self.update_agent(target, now=now)
            outcome = ToolOutcome(handoff_output(target))
        self._answer(response_id, tool_call_id, outcome)

    def _answer(self, response_id: str, tool_call_id: str, outcome: ToolOutcome) -> None:
        self._tools.started(response_id, tool_call_id)
        self._send_output(tool_call_id, outcome.output)
        self._tools.ended(response_id, tool_call_id, outcome)

    def _response_done(self, response: dict[str, Any], now: float) -> None:
        done = response_done(response, now=now)
        self._interrupted.discard(done.response_id)
        self._tell(done)
        is_owed = self._tools.response_done(
            done.response_id, was_cancelled=done.status == "cancelled"
        )
        if is_owed:  # before the next is sent: what waits and this may be one
            self._send(*self._sequencer.request())
        self._send(*self._sequencer.response_done())

    def _error(self, error: server.ErrorDetail, now: float) -> None:
        is_ours, messages = self._sequencer.refused(error.event_id, error.code)
        self._send(*messages)
        if error.code in BENIGN_ERRORS:
            log.debug("! %s", error.code)
            return
        if not self.is_configured and not is_ours:
            log.error("! the endpoint refused our session: %s %s", error.param, error.message)
        self._tell(
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

    def _send_output(self, tool_call_id: str, output: str) -> None:
        item = {"type": "function_call_output", "call_id": tool_call_id, "output": output}
        self._send(client.ConversationItemCreate(item=item))

    def _send(self, *messages: Event) -> None:
        self._messages += [encode(message) for message in messages]

    def _tell(self, event: events.SessionEvent) -> None:
        self._events.append(event)
