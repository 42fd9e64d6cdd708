"""Tools of a session: they run beside the audio, beside each other, and never outlive it."""

from __future__ import annotations

import asyncio

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import BackgroundResult, ToolContext, function_tool
from sipagent.realtime import events
from tests.fakes.scripted_endpoint import ScriptedEndpoint

from .joined import joined, told, told_to_the_end
from .playbook import MS, audio, created, done, function_call, output


class SlowTools:
    """Two tools that end when they are let go.

    Attributes:
        started: Calls that began.
        ended: How calls ended.
        let_go: Set it to let them end.
    """

    def __init__(self) -> None:
        self.started: asyncio.Queue[str] = asyncio.Queue()
        self.ended: list[str] = []
        self.let_go = asyncio.Event()

    def agent(self) -> RealtimeAgent:
        """Return the agent who has them."""
        names = ("dig", "fly")
        return RealtimeAgent("Reception", tools=[function_tool(self.wait, name=n) for n in names])

    async def wait(self, context: ToolContext) -> str:
        """Take a while."""
        self.started.put_nowait(context.tool_call_id)
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("done")
        return "done"


async def call(far_end: ScriptedEndpoint, *names: str) -> None:
    """Let the model call functions in one response."""
    calls = [function_call(name, f"call_{name}") for name in names]
    await far_end.say(created(), *calls, done())


def tool_tasks() -> list[str]:
    return [name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("tool ")]


async def test_a_tool_is_run_answered_and_told() -> None:
    async def greet(name: str) -> str:
        """Greet."""
        return f"Hello {name}"

    async with joined(RealtimeAgent("Reception", tools=[function_tool(greet)])) as (session, far):
        await far.say(created(), function_call("greet", arguments='{"name":"Ann"}'), done())
        await far.has_received("response.create")
        assert far.received[1:-1] == [output("call_1", "Hello Ann")]
        ended = await told(session, events.ToolEnded)
        assert (ended.name, ended.output, ended.failed) == ("greet", "Hello Ann", False)
        assert ended.duration_s >= 0


async def test_a_tool_is_told_its_call_its_agent_and_what_the_session_was_given() -> None:
    seen: list[ToolContext] = []

    def look(context: ToolContext) -> BackgroundResult:
        """Look."""
        seen.append(context)
        return BackgroundResult("seen")

    agent = RealtimeAgent("Reception", tools=[function_tool(look)])
    async with joined(agent, context="the call") as (_, far_end):
        await call(far_end, "look")
        await far_end.has_received("conversation.item.create")
        (context,) = seen
        assert (context.context, context.tool_call_id) == ("the call", "call_look")
        assert (context.agent, context.agent_name) == (agent, "Reception")
        assert (context.tool_name, context.arguments) == ("look", "{}")


async def test_a_slow_tool_does_not_hold_the_audio() -> None:
    slow = SlowTools()
    async with joined(slow.agent()) as (session, far_end):
        await far_end.say(created(), function_call("dig"), audio(20))
        assert (await told(session, events.AudioDelta)).audio == MS * 20
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")
        assert slow.started.qsize() == 1
        assert slow.ended == []


async def test_tools_of_a_response_run_at_the_same_time() -> None:
    slow = SlowTools()
    async with joined(slow.agent()) as (session, far_end):
        await call(far_end, "dig", "fly")
        await told(session, events.ResponseDone)
        assert {await slow.started.get(), await slow.started.get()} == {"call_dig", "call_fly"}
        assert sorted(tool_tasks()) == ["tool dig", "tool fly"]
        slow.let_go.set()
        await far_end.has_received("response.create")
        assert far_end.types()[1:] == [
            "conversation.item.create",
            "conversation.item.create",
            "response.create",
        ]


async def test_a_tool_that_fails_ends_no_session() -> None:
    def fail() -> None:
        """Fail."""
        raise OSError("no such thing")

    async with joined(RealtimeAgent("Reception", tools=[function_tool(fail)])) as (session, far):
        await call(far, "fail")
        assert (await told(session, events.ToolEnded)).failed
        await far.has_received("response.create")


async def test_closing_cancels_tools() -> None:
    slow = SlowTools()
    async with joined(slow.agent()) as (session, far_end), asyncio.timeout(5):
        await call(far_end, "dig", "fly")
        await slow.started.get()
        await slow.started.get()
        await session.close()
        assert slow.ended == ["cancelled", "cancelled"]
        assert tool_tasks() == []
        assert "conversation.item.create" not in far_end.types()


async def test_a_call_that_comes_while_closing_is_not_run() -> None:
    slow = SlowTools()
    async with joined(slow.agent()) as (session, far_end):
        await far_end.say(created())
        await told(session, events.ResponseStarted)
        await far_end.say(function_call("dig"))  # in the socket, where nobody has looked yet
        await session.close()
        assert tool_tasks() == []
        assert slow.started.empty()


async def test_a_tool_that_ends_after_its_session_disturbs_nobody() -> None:
    slow = SlowTools()
    async with joined(slow.agent()) as (session, far_end):
        await call(far_end, "dig")
        await slow.started.get()
        far_end.kill()
        assert isinstance((await told_to_the_end(session))[-1], events.Disconnected)
        (task,) = [each for each in asyncio.all_tasks() if each.get_name() == "tool dig"]
        slow.let_go.set()
        await task
        assert slow.ended == ["done"]


async def test_a_repeated_call_runs_once() -> None:
    slow = SlowTools()
    slow.let_go.set()
    async with joined(slow.agent()) as (session, far_end):
        await call(far_end, "dig")
        await told(session, events.ToolEnded)
        await call(far_end, "dig")
        await far_end.has_received("conversation.item.create", 2)
        assert slow.started.qsize() == 1
