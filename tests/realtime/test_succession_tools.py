"""Tools that run when a connection ends: cancelled with it, whenever they end themselves."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolContext, function_tool
from sipagent.realtime import events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import ScriptedEndpoint

from .joined import told
from .outage import outliving, tasks
from .playbook import created, done, function_call, output


class Digging:
    """A tool that ends when it is let go, and may refuse to be cancelled."""

    def __init__(self, *, is_stubborn: bool = False) -> None:
        self.let_go = asyncio.Event()
        self.started = asyncio.Event()
        self.ended: list[str] = []
        self._is_stubborn = is_stubborn

    def agent(self) -> RealtimeAgent:
        """Return the agent who has it."""
        return RealtimeAgent("Desk", tools=[function_tool(self.dig)])

    async def dig(self, context: ToolContext) -> str:
        """Take a while."""
        self.started.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            if not self._is_stubborn:
                raise
            await self.let_go.wait()
        self.ended.append("done")
        return f"result of {context.tool_call_id}"


async def dig(far_end: ScriptedEndpoint, digging: Digging) -> None:
    """Let the model call the tool, and wait until it runs."""
    await far_end.say(created(), function_call("dig"), done())
    await digging.started.wait()
    far_end.received.clear()


async def assert_nothing_came_of_it(session: RealtimeSession, far_end: ScriptedEndpoint) -> None:
    """Look for a result after something that was sent later."""
    await session.send_event({"type": "input_audio_buffer.clear"})
    await far_end.has_received("input_audio_buffer.clear")
    assert far_end.types() == ["session.update", "input_audio_buffer.clear"]


@pytest.mark.parametrize("is_stubborn", [False, True])
@pytest.mark.parametrize("ends", ["with the socket", "after the loss", "while opening", "after"])
async def test_a_result_of_the_old_connection_never_reaches_the_new(
    ends: str, is_stubborn: bool
) -> None:
    digging = Digging(is_stubborn=is_stubborn)
    async with outliving(digging.agent()) as (session, far_end):
        await dig(far_end, digging)
        if ends == "while opening":
            far_end.answers["session.update"] = []
        far_end.kill()
        if ends == "with the socket":
            digging.let_go.set()
        await told(session, ConnectionLost)
        if ends == "after the loss":
            digging.let_go.set()
        if ends == "while opening":
            await far_end.has_received("session.update")
            digging.let_go.set()
            await far_end.say({"type": "session.updated", "session": {}})
        await told(session, Reconnected)
        digging.let_go.set()
        while "tool dig" in tasks():
            await asyncio.sleep(0)
        await assert_nothing_came_of_it(session, far_end)
        assert digging.ended


async def test_a_tool_is_cancelled_when_its_socket_is_gone_and_not_told_to_have_ended() -> None:
    digging = Digging()
    async with outliving(digging.agent()) as (session, far_end):
        await dig(far_end, digging)
        far_end.fault = "hang"
        far_end.kill()
        heard = []
        async for event in session.events():
            heard.append(type(event))
            if isinstance(event, ConnectionLost):
                break
        while "tool dig" in tasks():
            await asyncio.sleep(0)
        assert digging.ended == ["cancelled"]
        assert events.ToolEnded not in heard


async def test_a_tool_that_will_not_be_cancelled_holds_up_no_reconnect() -> None:
    digging = Digging(is_stubborn=True)
    async with outliving(digging.agent()) as (session, far_end):
        await dig(far_end, digging)
        far_end.kill()
        await told(session, Reconnected)
        assert "tool dig" in tasks()
        digging.let_go.set()


async def test_a_tool_of_the_new_connection_is_answered() -> None:
    digging = Digging()
    async with outliving(digging.agent()) as (session, far_end):
        await dig(far_end, digging)
        far_end.kill()
        await told(session, Reconnected)
        await far_end.say(created("r2"), function_call("dig", "call_2", response_id="r2"))
        digging.let_go.set()
        (answer,) = await far_end.has_received("conversation.item.create")
        assert answer == output("call_2", "result of call_2")
