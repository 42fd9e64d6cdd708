"""Who hears of a session over a socket: listeners, its reader, hooks of agents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tools import FunctionTool, ToolContext, function_tool
from sipagent.errors import ConfigError
from sipagent.realtime import events
from sipagent.realtime.conversation_events import AgentStarted, HistoryUpdated
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import scripted_endpoint

from .joined import joined, told
from .playbook import PCMU, audio, created, done, function_call, reception


class Hooks(AgentHooks):
    """Writes down what it hears."""

    def __init__(self, heard: list[str], *, fails: bool = False) -> None:
        self._heard, self._fails = heard, fails

    def _hear(self, what: str) -> None:
        self._heard.append(what)
        if self._fails:
            raise OSError(what)

    async def on_start(self, context: Any, agent: RealtimeAgent) -> None:
        self._hear(f"{agent.name} starts for {context}")

    async def on_end(self, context: Any, agent: RealtimeAgent, output: str) -> None:
        self._hear(f"{agent.name} ends: {output}")

    async def on_handoff(self, context: Any, agent: RealtimeAgent, source: RealtimeAgent) -> None:
        self._hear(f"{agent.name} after {source.name}")

    async def on_tool_start(
        self, context: ToolContext, agent: RealtimeAgent, tool: FunctionTool
    ) -> None:
        self._hear(f"{tool.name} starts for {context.context}")

    async def on_tool_end(
        self, context: ToolContext, agent: RealtimeAgent, tool: FunctionTool, result: str
    ) -> None:
        self._hear(f"{tool.name} ends: {result}")


def greeter(heard: list[str], **options: bool) -> RealtimeAgent:
    """Return an agent with hooks, a tool, and somebody to hand over to."""

    async def greet() -> str:
        """Greet."""
        heard.append("greet runs")
        return "Hello"

    billing = RealtimeAgent("Billing", hooks=Hooks(heard, **options))
    hooks = Hooks(heard, **options)
    return RealtimeAgent("Reception", "", [function_tool(greet)], [billing], hooks=hooks)


async def test_a_listener_hears_until_it_is_taken_off() -> None:
    heard: list[str] = []

    def listen(event: AgentStarted) -> None:
        heard.append(event.response_id)

    async with joined() as (session, far_end):
        reader = session.events()
        session.on("agent_start", listen)
        await far_end.say(created(), done())
        async for event in reader:
            if isinstance(event, events.ResponseDone):
                break
        session.off("agent_start", listen)
        await far_end.say(created("resp_2"), done("resp_2"))
        assert (await told(session, events.ResponseDone)).response_id == "resp_2"
        assert heard == ["resp_1"]


async def test_nobody_listens_to_what_does_not_exist() -> None:
    async with joined() as (session, _):
        with pytest.raises(ConfigError, match="agent_begin"):
            session.on("agent_begin", print)


async def test_who_listens_from_the_start_hears_the_empty_history_last_of_the_opening() -> None:
    heard: list[events.SessionEvent] = []
    async with scripted_endpoint() as far_end:
        session = RealtimeSession(reception(), SessionOptions(PCMU, PCMU))
        session.on("*", heard.append)
        await session.connect(Endpoint(far_end.url, "m"))
        assert [type(event) for event in heard] == [events.SessionConfigured, HistoryUpdated]
        assert session.history == []
        await session.close()
    assert isinstance(heard[-1], events.Disconnected)


async def test_nothing_is_told_after_the_end() -> None:
    heard: list[events.SessionEvent] = []
    let_go, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        await let_go.wait()
        ended.set()
        return "late"

    async with joined(RealtimeAgent("Reception", "", [function_tool(wait)])) as (session, far_end):
        session.on("*", heard.append)
        gone = asyncio.Event()
        session.on("disconnected", lambda event: gone.set())
        await far_end.say(created(), function_call("wait"))
        await _until(lambda: any(isinstance(each, events.ToolStarted) for each in heard))
        far_end.kill()
        await gone.wait()
        (task,) = [each for each in asyncio.all_tasks() if each.get_name() == "tool wait"]
        let_go.set()
        await task
        assert ended.is_set()
        assert isinstance(heard[-1], events.Disconnected)


async def test_what_happens_is_kept_for_who_asked_for_it_beside_listeners() -> None:
    async with joined() as (session, far_end):
        session.on("*", lambda event: None)
        await far_end.say(created())
        reader, gone = session.events(), asyncio.Event()
        session.on("disconnected", lambda event: gone.set())
        await far_end.leave(1000, "")
        await gone.wait()
        assert [event.NAME async for event in reader][-1] == "disconnected"


async def test_async_listeners_hear_in_order_and_closing_waits_for_them() -> None:
    heard: list[str] = []

    async def listen(event: events.SessionEvent) -> None:
        await asyncio.sleep(0)
        heard.append(event.NAME)

    async with joined() as (session, far_end):
        reader = session.events()
        session.on("*", listen)
        await far_end.say(created(), audio(20), done())
        await far_end.leave(1000, "")
        names = [event.NAME async for event in reader]
        await session.close()
        assert heard == names[names.index("response_started") :]
        assert heard[-1] == "disconnected"


async def test_listeners_that_raise_disturb_nobody() -> None:
    heard: list[str] = []

    def fail(event: events.SessionEvent) -> None:
        raise OSError

    async def fail_later(event: events.SessionEvent) -> None:
        raise OSError

    async with joined() as (session, far_end):
        session.on("*", fail)
        session.on("*", fail_later)
        session.on("*", lambda event: heard.append(event.NAME))
        await far_end.say(created(), function_call("fly"), done())
        await far_end.has_received("response.create")
        await far_end.leave(1000, "")
        await _until(lambda: "disconnected" in heard)
    assert heard[0] == "response_started"
    assert heard[-1] == "disconnected"


async def test_a_listener_may_close_the_session() -> None:
    async with joined() as (session, far_end):

        async def close(event: events.SessionEvent) -> None:
            await session.close()

        session.on("agent_start", close)
        await far_end.say(created())
        assert await far_end.is_left() == 1000


async def test_hooks_hear_of_a_tool_around_its_run() -> None:
    heard: list[str] = []
    async with joined(greeter(heard), context="the call") as (_, far_end):
        await far_end.say(created(), function_call("greet"), done())
        await far_end.has_received("response.create")
        await _until(lambda: len(heard) == 5)
        assert [each for each in heard if "greet" in each] == [
            "greet starts for the call",
            "greet runs",
            "greet ends: Hello",
        ]
        assert heard[0] == "Reception starts for the call"
        assert "Reception ends: " in heard


async def test_the_agent_who_goes_on_hears_of_it() -> None:
    heard: list[str] = []
    async with joined(greeter(heard)) as (session, far_end):
        await far_end.say(created(), function_call("transfer_to_billing"))
        await _until(lambda: "Billing after Reception" in heard)
        await far_end.say(done(), created("resp_2"), done("resp_2"))
        await _until(lambda: "Billing ends: " in heard)
        assert session.current_agent.name == "Billing"
        assert heard == [
            "Reception starts for None",
            "Billing after Reception",
            "Reception ends: ",
            "Billing starts for None",
            "Billing ends: ",
        ]


async def test_hooks_that_raise_disturb_nobody() -> None:
    heard: list[str] = []
    async with joined(greeter(heard, fails=True)) as (session, far_end):
        call = function_call("greet")
        handoff = function_call("transfer_to_billing", "call_2")
        await far_end.say(created(), call, handoff, done())
        await far_end.has_received("response.create")
        assert session.current_agent.name == "Billing"
        assert "greet ends: Hello" in heard


async def _until(holds: Any) -> None:
    """Wait for a state nobody tells of."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)
