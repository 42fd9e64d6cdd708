"""Tools of voice agents that a person must allow, on a call over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.calls import facts
from sipagent.calls.delegation_approvals import MAX_ARGUMENTS_CHARS, Verdict
from sipagent.calls.delegation_text import TOO_LONG_TO_APPROVE
from sipagent.calls.session_commands import SessionCommands
from sipagent.calls.tool_approvals import ToolApprovals
from sipagent.realtime.approvals import ApprovalRequest
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import ToolApprovalRequested
from sipagent.realtime.events import Disconnected, SessionEvent, ToolEnded
from tests.realtime.playbook import Wire, audio, created, done, function_call

from .attached import entry, provider
from .talk import NotingSession, call_setup
from .test_transferring import AUDIO_DONE, Person, talking

NOTICE = "Say that it takes a moment."


def refunding(ran: list[str]) -> RealtimeAgent:
    def refund(order: str) -> str:
        """Give money back."""
        ran.append(order)
        return f"{order} is refunded."

    tool: FunctionTool = function_tool(refund, needs_approval=True)
    return RealtimeAgent("Ada", tools=[tool])


def refund_call(order: str = "7") -> Wire:
    return function_call("refund", "call_1", arguments=f'{{"order": "{order}"}}')


def setup(ran: list[str], **changes: Any) -> dict[str, Any]:
    return {"agent": refunding(ran), "on_approval": NOTICE, **changes}


async def test_a_tool_waits_for_a_persons_word_and_the_two_go_on_talking(tmp_path: Path) -> None:
    person, ran = Person(), list[str]()
    async with talking(tmp_path, approver=person, **setup(ran)) as running:
        await running.calls(refund_call())
        question = await person.asked.get()
        assert (question.call_id, question.plan, question.agent) == ("c1", "desk", "Ada")
        assert (question.tool, question.arguments) == ("refund", '{"order": "7"}')
        (notice,) = await running.endpoint.has_received("response.create")
        assert notice["response"]["instructions"] == NOTICE
        await running.endpoint.say(created("resp_2"), audio(40), AUDIO_DONE, done("resp_2"))
        assert ran == []
        person.says.set_result(Verdict(True))
        assert await running.outputs() == ["7 is refunded."]
        assert (await running.told.until(facts.ToolCalled)).output == "7 is refunded."


async def test_a_rejection_is_told_to_the_model(tmp_path: Path) -> None:
    person, ran = Person(), list[str]()
    person.says.set_result(Verdict(False, "Over the limit."))
    async with talking(tmp_path, approver=person, **setup(ran, on_approval="")) as running:
        await running.calls(refund_call())
        assert await running.outputs() == ["Over the limit."]
        assert ran == []


async def test_without_a_person_nothing_runs(tmp_path: Path) -> None:
    ran = list[str]()
    async with talking(tmp_path, **setup(ran)) as running:
        await running.calls(refund_call())
        assert await running.outputs() == ["Nobody can be asked to approve refund."]
        assert ran == []


async def test_what_nobody_can_read_is_rejected_unseen(tmp_path: Path) -> None:
    person, ran = Person(), list[str]()
    async with talking(tmp_path, approver=person, **setup(ran)) as running:
        await running.calls(refund_call("7" * MAX_ARGUMENTS_CHARS))
        assert await running.outputs() == [TOO_LONG_TO_APPROVE]
        assert person.asked.empty() and ran == []


async def test_a_question_is_withdrawn_when_the_caller_hangs_up(tmp_path: Path) -> None:
    person, ran = Person(), list[str]()
    async with talking(tmp_path, approver=person, **setup(ran)) as running:
        await running.calls(refund_call())
        await person.asked.get()
        running.far_end.hangs_up()
        await running.ended
        assert person.says.cancelled() and ran == []


async def test_attached_calls_ask_too() -> None:
    ran = list[str]()
    async with provider(entry(), route=lambda _: call_setup(**setup(ran))) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("Hello.")
        await running.calls_tool("refund", '{"order": "7"}')
        (answered,) = await running.endpoint.has_received("conversation.item.create")
        assert answered["item"]["output"] == "Nobody can be asked to approve refund."
        assert ran == []


@pytest.mark.parametrize(
    "event",
    [
        ConnectionLost(1006, "gone", 1.0),
        Reconnected("expiry", 1.0),
        Disconnected(1006, "gone", False, 1.0),
        ToolEnded("call_1", "refund", "{}", "Nobody said so.", False, 0.0, 1.0),
    ],
    ids=lambda event: event.NAME,
)
async def test_a_question_is_withdrawn_when_nobody_waits_for_the_word(event: SessionEvent) -> None:
    person, tasks = Person(), list[asyncio.Task[None]]()

    def run(work: Callable[[], Awaitable[None]], name: str) -> None:
        task = asyncio.get_running_loop().create_task(_awaited(work), name=name)
        tasks.append(task)

    session = NotingSession()
    approvals = ToolApprovals("c1", call_setup(), person, SessionCommands(session), run)
    request = ApprovalRequest("call_1", "refund", "{}", "Ada", 1)
    approvals.told(ToolApprovalRequested(RealtimeAgent("Ada"), request, 0.0))
    await person.asked.get()
    approvals.told(event)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[0].cancelled() and person.says.cancelled()
    assert session.asked.empty()


@pytest.mark.parametrize("is_over", [False, True])
async def test_the_word_waits_until_an_attached_call_is_attached_to_again(is_over: bool) -> None:
    person, tasks = Person(), list[asyncio.Task[None]]()
    loop = asyncio.get_running_loop()

    def run(work: Callable[[], Awaitable[None]], name: str) -> None:
        tasks.append(loop.create_task(_awaited(work), name=name))

    session = NotingSession()
    commands = SessionCommands(session)
    sending = loop.create_task(commands.run())
    approvals = ToolApprovals("c1", call_setup(), person, commands, run, is_attached=True)
    request = ApprovalRequest("call_1", "refund", "{}", "Ada", 1)
    approvals.told(ToolApprovalRequested(RealtimeAgent("Ada"), request, 0.0))
    await person.asked.get()
    approvals.told(ConnectionLost(1006, "gone", 1.0))
    person.says.set_result(Verdict(True))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert session.asked.empty()
    approvals.told(Disconnected(1006, "gone", False, 2.0) if is_over else Reconnected("gone", 2.0))
    await asyncio.gather(*tasks, return_exceptions=True)
    if is_over:
        assert tasks[0].cancelled() and session.asked.empty()
    else:
        assert await session.asked.get() == "approve refund"
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
