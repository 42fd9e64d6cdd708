"""What an endpoint says, and a core to say it to: given these messages, expect those."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import as_handoff, handoff_output
from sipagent.agents.hosted_mcp import HostedMcpTool
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import FunctionTool, ToolContext, ToolOutcome, function_tool
from sipagent.audio.playout import Heard
from sipagent.calls.leg_playback import LegPlayback
from sipagent.realtime.connection_events import ConnectionEvent
from sipagent.realtime.conversation_events import ConversationEvent
from sipagent.realtime.core import SessionCore
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import OutputCheck, user_text
from sipagent.realtime.playback import HeardItem, Playback
from sipagent.realtime.tool_calls import HandoffCall, ToolCall

Wire: TypeAlias = dict[str, Any]

PCMU: Wire = {"type": "audio/pcmu"}
MS = b"\xff" * 8
"""One millisecond of G.711."""


async def look_up(context: ToolContext, order: int) -> str:
    """Find an order."""
    return f"order {order}"


def reception(**changes: Any) -> RealtimeAgent:
    """Return an agent with a tool and two others to hand over to."""
    billing = RealtimeAgent("Billing", "Bill.", voice="cedar", handoff_description="Bills.")
    sales = RealtimeAgent("Sales", "Sell.")
    agent = RealtimeAgent(
        "Reception", "Receive.", [function_tool(look_up)], [billing, sales], voice="marin"
    )
    for name, value in changes.items():
        setattr(agent, name, value)
    return agent


def resolved(agent: RealtimeAgent) -> ResolvedAgent:
    """Return an agent whose texts are texts, as it is now."""
    assert isinstance(agent.instructions, str)
    assert not callable(agent.prompt)
    tools = [tool for tool in agent.tools if isinstance(tool, FunctionTool)]
    return ResolvedAgent(
        agent,
        agent.instructions,
        None if agent.prompt is None else dict(agent.prompt),
        tuple(tools),
        tuple(as_handoff(target) for target in agent.handoffs),
        tuple(tool for tool in agent.tools if isinstance(tool, HostedMcpTool)),
    )


def is_of_a_call(event: SessionEvent) -> bool:
    """Tell whether a phone call acts on ``event``."""
    return not isinstance(event, ConversationEvent | ConnectionEvent)


def _of_a_call(told: list[SessionEvent]) -> list[SessionEvent]:
    return [event for event in told if is_of_a_call(event)]


class Playbook:
    """A core after ``open``, whose clock goes on a second per message.

    Attributes:
        core: What is tested.
        now: When the last message came.
    """

    def __init__(
        self,
        agent: RealtimeAgent | None = None,
        options: SessionOptions | None = None,
        playback: Playback | None = None,
        **more: Any,
    ) -> None:
        self.core = SessionCore(
            resolved(agent or reception()),
            options or SessionOptions(PCMU, PCMU, transcription=None),
            playback or LegPlayback(),
            **more,
        )
        self.now = 0.0
        self._calls: list[ToolCall] = []
        self.checks: list[OutputCheck] = []
        self.core.open()
        self.opening = self.sent()

    def hears_all(self, *messages: Wire | str) -> list[SessionEvent]:
        """Let the endpoint say ``messages``; return all that is told of them."""
        for message in messages:
            self.now += 1
            text = message if isinstance(message, str) else json.dumps(message)
            self.core.receive(text, now=self.now)
            self.works()
        return self.core.out.take_events()

    def hears(self, *messages: Wire | str) -> list[SessionEvent]:
        """Let the endpoint say ``messages``; return what a phone call is told of them."""
        return _of_a_call(self.hears_all(*messages))

    def told(self) -> list[SessionEvent]:
        """Return what a phone call is told since this was last asked."""
        return _of_a_call(self.core.out.take_events())

    def works(self) -> None:
        """Begin what is to be done; handoffs take no time."""
        for work in self.core.out.take_work():
            match work:
                case ToolCall():
                    self.core.tools.started(work, now=self.now)
                    self._calls.append(work)
                case HandoffCall():
                    outcome = ToolOutcome(handoff_output(work.handoff.agent))
                    target = resolved(work.handoff.agent)
                    self.core.handed_over(work, target, outcome, now=self.now)
                case OutputCheck():
                    self.checks.append(work)

    def calls(self) -> list[ToolCall]:
        """Return the calls that run since this was last asked."""
        calls, self._calls = self._calls, []
        return calls

    def interrupts(self, heard: Sequence[HeardItem], *, cancel: bool) -> None:
        """Cut the agent off."""
        self.core.speech.interrupt(heard, cancel=cancel, now=self.now)

    def writes(self, text: str) -> None:
        """Send a user message."""
        self.core.out.send_message(user_text(text))

    def wants_response(self, instructions: str | None = None) -> None:
        """Ask for a response, with instructions of its own or without."""
        wanted = None if instructions is None else {"instructions": instructions}
        self.core.out.request_response(wanted)

    def sent(self) -> list[Wire]:
        """Return what is sent since this was last asked."""
        return [json.loads(message) for message in self.core.out.take_messages()]

    def sent_types(self) -> list[str]:
        """Return the types of what is sent since this was last asked."""
        return [message["type"] for message in self.sent()]

    def call(self) -> ToolCall:
        """Return the only call that is to be run."""
        (call,) = self.calls()
        return call

    def ends(self, call: ToolCall, outcome: ToolOutcome | None = None) -> None:
        """Let ``call`` end after 3 s."""
        self.now += 1
        outcome = outcome or ToolOutcome(f"output of {call.tool_call_id}")
        self.core.tools.ended(call, outcome, duration_s=3.0, now=self.now)


def created(response_id: str = "resp_1") -> Wire:
    """Inference begins."""
    response = {"id": response_id, "status": "in_progress", "output": []}
    return {"type": "response.created", "response": response}


def done(response_id: str = "resp_1", status: str = "completed", **more: Any) -> Wire:
    """Inference ended."""
    response = {"id": response_id, "status": status, "output": [], **more}
    return {"type": "response.done", "response": response}


def audio(
    ms: int, *, response_id: str = "resp_1", item_id: str = "item_1", content_index: int = 0
) -> Wire:
    """Agent audio of ``ms`` milliseconds."""
    return {
        "type": "response.output_audio.delta",
        "response_id": response_id,
        "item_id": item_id,
        "output_index": 0,
        "content_index": content_index,
        "delta": b64encode(MS * ms).decode(),
    }


def function_call(
    name: str,
    tool_call_id: str = "call_1",
    *,
    response_id: str = "resp_1",
    arguments: str = "{}",
    status: str = "completed",
) -> Wire:
    """The model calls a function."""
    return {
        "type": "response.output_item.done",
        "response_id": response_id,
        "output_index": 0,
        "item": {
            "type": "function_call",
            "status": status,
            "call_id": tool_call_id,
            "name": name,
            "arguments": arguments,
        },
    }


def error(code: str | None, *, event_id: str | None = None, message: str = "No.") -> Wire:
    """Something went wrong."""
    detail = {"type": "invalid_request_error", "code": code, "message": message}
    return {"type": "error", "error": {**detail, "param": None, "event_id": event_id}}


def output(tool_call_id: str, text: str) -> Wire:
    """What a call's output looks like when it is sent."""
    item = {"type": "function_call_output", "call_id": tool_call_id, "output": text}
    return {"type": "conversation.item.create", "item": item}


def heard(
    heard_ms: int, received_ms: int, item_id: str = "item_1", *, finished: bool = False
) -> Heard:
    """How far the caller heard an item."""
    return Heard(item_id, 0, heard_ms, received_ms, finished)
