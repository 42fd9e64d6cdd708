"""Approvals, handoffs and the end, over a socket: who decides, who goes on, who hears no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sipagent.agents import callbacks
from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import realtime_handoff
from sipagent.agents.hosted_mcp import hosted_mcp_tool
from sipagent.agents.tool_guardrails import RejectContent, ToolGuardrail
from sipagent.agents.tools import ToolContext, function_tool
from sipagent.errors import SessionLost
from sipagent.realtime import events
from sipagent.realtime.approvals import ApprovalRequest
from sipagent.realtime.conversation_events import ToolApprovalRequested
from sipagent.realtime.history_items import McpApprovalRequest
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession

from .joined import joined, told, told_to_the_end
from .playbook import PCMU, Wire, created, done, function_call, output


class Till:
    """A tool that must be approved, and counts what it takes."""

    def __init__(self, **options: Any) -> None:
        self.taken: list[int] = []
        tool = function_tool(self.take, name="take", needs_approval=True, **options)
        shop = hosted_mcp_tool("shop", server_url="https://shop.example")
        self.agent = RealtimeAgent("Cashier", "", [tool, shop])

    async def take(self, amount: int) -> str:
        """Take money."""
        self.taken.append(amount)
        return f"took {amount}"


TAKE = function_call("take", arguments='{"amount":7}')
MCP_ASKS: Wire = {
    "type": "conversation.item.done",
    "item": {
        "id": "ask_1",
        "type": "mcp_approval_request",
        "server_label": "shop",
        "name": "buy",
        "arguments": "{}",
    },
}


async def asked(session: RealtimeSession) -> ApprovalRequest | McpApprovalRequest:
    """Wait until somebody must decide; return on what."""
    return (await told(session, ToolApprovalRequested)).request


async def test_a_tool_that_is_approved_is_run_and_answered() -> None:
    till = Till()
    async with joined(till.agent) as (session, far_end):
        await far_end.say(created(), TAKE, done())
        request = await asked(session)
        assert till.taken == []
        assert session.pending_approvals == [request]
        await session.approve(request)
        await far_end.has_received("response.create")
        assert far_end.received[1] == output("call_1", "took 7")
        assert till.taken == [7]
        assert session.pending_approvals == []


async def test_a_tool_that_is_rejected_is_not_run_and_the_model_told_why() -> None:
    till = Till()
    async with joined(till.agent) as (session, far_end):
        await far_end.say(created(), TAKE, done())
        await session.reject(await asked(session), message="The till is shut.")
        await far_end.has_received("response.create")
        assert far_end.received[1] == output("call_1", "The till is shut.")
        ended = await told(session, events.ToolEnded)
        assert (ended.output, till.taken) == ("The till is shut.", [])


async def test_a_tool_that_is_approved_for_good_asks_nobody_again() -> None:
    till = Till()
    async with joined(till.agent) as (session, far_end):
        await far_end.say(created(), TAKE, done())
        await session.approve(await asked(session), always_approve=True)
        await far_end.has_received("response.create")
        again = function_call("take", "call_2", response_id="resp_2", arguments='{"amount":8}')
        await far_end.say(created("resp_2"), again, done("resp_2"))
        await far_end.has_received("response.create", 2)
        assert till.taken == [7, 8]


async def test_a_guardrail_may_spare_somebody_the_decision() -> None:
    guardrail = ToolGuardrail("small", lambda *_: RejectContent("Too much."))
    till = Till(input_guardrails=[guardrail])
    options = SessionOptions(PCMU, PCMU, pre_approval_input_guardrails=True)
    async with joined(till.agent, options=options) as (session, far_end):
        await far_end.say(created(), TAKE, done())
        await far_end.has_received("response.create")
        assert far_end.received[1] == output("call_1", "Too much.")
        await told(session, events.ToolStarted)
        await told(session, events.ToolEnded)
        assert till.taken == []


async def test_a_tool_of_the_endpoints_is_decided_on_too() -> None:
    async with joined(Till().agent) as (session, far_end):
        await far_end.say(MCP_ASKS)
        request = await asked(session)
        assert session.pending_approvals == [request]
        await session.reject(request, message="Too dear.")
        (answer,) = await far_end.has_received("conversation.item.create")
        assert answer["previous_item_id"] == "ask_1"
        assert answer["item"] == {
            "type": "mcp_approval_response",
            "approval_request_id": "ask_1",
            "approve": False,
            "reason": "Too dear.",
        }


async def test_closing_drops_what_nobody_decided_on() -> None:
    till = Till()
    async with joined(till.agent) as (session, far_end):
        await far_end.say(created(), TAKE, MCP_ASKS)
        request = await asked(session)
        await asked(session)
        assert len(session.pending_approvals) == 2
        await session.close()
        assert session.pending_approvals == []
        with pytest.raises(SessionLost, match="not open"):
            await session.approve(request)
        assert till.taken == []


async def test_a_tool_that_takes_no_notice_of_the_end_reaches_nobody() -> None:
    started = asyncio.Event()

    async def stubborn(context: ToolContext) -> str:
        """Never give up."""
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "done all the same"
        raise AssertionError

    async with joined(RealtimeAgent("Reception", "", [function_tool(stubborn)])) as (session, far):
        await far.say(created(), function_call("stubborn"))
        await started.wait()
        await session.close()
        names = [event.NAME for event in await told_to_the_end(session)]
        assert names[-1] == "disconnected"
        assert "agent_tool_end" not in names
        assert "conversation.item.create" not in far.types()


async def test_whoever_goes_on_is_asked_what_to_do_when_it_goes_on() -> None:
    async def instructions(context: Any, agent: RealtimeAgent) -> str:
        await asyncio.sleep(0)
        return f"{agent.name} for {context}"

    target = RealtimeAgent("Billing", instructions)
    agent = RealtimeAgent("Reception", handoffs=[target])
    async with joined(agent, context="the call") as (session, far_end):
        await far_end.say(created(), function_call("transfer_to_billing"), done())
        await far_end.has_received("response.create")
        update, answer, _ = far_end.received[1:]
        assert update["session"]["instructions"] == "Billing for the call"
        assert answer == output("call_1", '{"assistant":"Billing"}')
        assert session.current_agent is target
        handed = await told(session, events.HandedOff)
        assert (handed.from_agent, handed.to_agent) == ("Reception", "Billing")


def broken_instructions(context: Any, agent: RealtimeAgent) -> str:
    raise OSError("no texts")


async def silent_instructions(context: Any, agent: RealtimeAgent) -> str:
    await asyncio.Event().wait()
    raise AssertionError


def broken_callback(context: ToolContext) -> None:
    raise OSError("no line")


@pytest.mark.parametrize(
    "handoff",
    [
        realtime_handoff(RealtimeAgent("Billing", broken_instructions)),
        realtime_handoff(RealtimeAgent("Billing", silent_instructions)),
        realtime_handoff(RealtimeAgent("Billing"), on_handoff=broken_callback),
    ],
    ids=["instructions", "silence", "callback"],
)
async def test_a_handoff_that_fails_is_answered_and_the_session_lives(
    handoff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "ANSWER_LIMIT_S", 0.05)
    agent = RealtimeAgent("Reception", handoffs=[handoff])
    async with joined(agent) as (session, far_end):
        await far_end.say(created(), function_call("transfer_to_billing"), done())
        await far_end.has_received("response.create")
        assert far_end.types()[1:] == ["conversation.item.create", "response.create"]
        told_model = far_end.received[1]["item"]["output"]
        assert "OSError" not in told_model and "no " not in told_model
        reported = await told(session, events.SessionErrorReported)
        assert (reported.code, reported.fatal) == ("handoff_failed", False)
        assert session.current_agent is agent
        await far_end.say(created("resp_2"))
        assert (await told(session, events.ResponseStarted)).response_id == "resp_2"
