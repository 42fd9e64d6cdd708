"""MCP servers of an agent: real ones, of the official package."""

from __future__ import annotations

import asyncio
import builtins
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mcp.client import stdio

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.mcp_connection import McpServerLost
from sipagent.agents.mcp_servers import McpServerStdio, McpServerStreamableHttp
from sipagent.agents.resolving import resolve
from sipagent.agents.tool_errors import ToolTimeout
from sipagent.agents.tools import FunctionTool, ToolContext, ToolOutcome
from sipagent.errors import ConfigError, ToolError
from tests.realtime.joined import joined
from tests.realtime.playbook import created, done, function_call

from .mcp_library import Library, over_http

PROGRAM = str(Path(__file__).with_name("mcp_library.py"))
CONTEXT = ToolContext(None, "call_1", "Reception")


def children() -> set[int]:
    """Return the processes that this one has, whichever thread began them."""
    found: set[int] = set()
    for thread in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(OSError):  # it ended meanwhile
            found |= {int(pid) for pid in (thread / "children").read_text().split()}
    return found


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


def owners() -> list[str]:
    """Return the tasks that hold connections."""
    return [name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("MCP")]


@pytest.fixture(autouse=True)
async def _nothing_stays() -> AsyncIterator[None]:
    before = children()
    yield
    assert children() == before
    assert owners() == []


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def url(library: Library) -> Iterator[str]:
    """Return where the library is."""
    with over_http(library) as port:
        yield f"http://127.0.0.1:{port}/mcp"


def process(*arguments: str, **more: Any) -> McpServerStdio:
    """Return the library as a process."""
    return McpServerStdio("library", sys.executable, [PROGRAM, *arguments], **more)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def tool(server: Any, name: str) -> FunctionTool:
    """Return a tool of an agent that has ``server``."""
    resolved = await resolve(RealtimeAgent("Reception", mcp_servers=[server]), None)
    found = resolved.find(name)
    assert isinstance(found, FunctionTool)
    return found


async def names(server: Any) -> list[str]:
    return [each.name for each in await server.list_tools()]


async def listings(server: Any) -> int:
    """Return how often the server was asked for its tools."""
    return int(await server.call_tool("listings", {}))


async def test_an_agent_calls_the_tools_of_a_process() -> None:
    async with process(env={"BRANCH": "North"}, cwd="/") as server:
        found = await tool(server, "find_book")
        assert found.description == "Find a book."
        outcome = await found.run(CONTEXT, '{"title":"Emma"}')
        assert outcome == ToolOutcome("Emma is on shelf 7")
        surroundings = json.loads(await server.call_tool("surroundings", {}))
        assert (surroundings["branch"], surroundings["folder"]) == ("North", "/")
        assert children() >= {surroundings["pid"]}
    assert not is_alive(surroundings["pid"])


async def test_a_process_that_dies_costs_the_calls_under_way_alone() -> None:
    async with process() as server:
        crash, find = await tool(server, "crash"), await tool(server, "find_book")
        thinking = asyncio.ensure_future((await tool(server, "ponder")).run(CONTEXT, ""))
        lost = ToolOutcome("The service cannot be reached.", has_failed=True)
        assert await crash.run(CONTEXT, "") == lost
        assert await thinking == lost
        outcome = await find.run(CONTEXT, '{"title":"Emma"}')
        assert outcome == ToolOutcome("Emma is on shelf 7")


async def test_an_old_process_tells_of_changes_unasked_and_may_die_unnoticed() -> None:
    async with process("legacy") as server:
        before = await names(server)
        assert await names(server) == before
        assert await listings(server) == 1
        await server.call_tool("acquire", {"title": "Emma"})
        assert await names(server) == [*before, "Emma"]
        pid = json.loads(await server.call_tool("surroundings", {}))["pid"]
        os.kill(pid, 9)
        await until(lambda: not owners())
        assert await server.call_tool("find_book", {"title": "Emma"}) == "Emma is on shelf 7"
        assert await names(server) == before


async def test_a_process_that_will_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("PROCESS_TERMINATION_TIMEOUT", "FORCE_KILL_TIMEOUT"):
        monkeypatch.setattr(stdio, limit, 0.2)
    async with process("stubborn") as server:
        pid = json.loads(await server.call_tool("surroundings", {}))["pid"]
        leaving = asyncio.ensure_future(server.__aexit__(None, None, None))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert not is_alive(pid)


async def test_a_process_that_does_not_answer_is_not_waited_for() -> None:
    began = time.monotonic()
    with pytest.raises(McpServerLost) as caught:
        await process("silent", timeout_s=0.3).__aenter__()
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert 0.3 <= time.monotonic() - began < 5


async def test_entering_that_is_cancelled_leaves_no_process() -> None:
    server = process("silent")
    entering = asyncio.ensure_future(server.__aenter__())
    before = children()
    await until(lambda: children() > before)
    began = time.monotonic()
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert time.monotonic() - began < 5
    assert owners() == []
    assert children() == before


async def test_a_program_that_is_none_is_told() -> None:
    with pytest.raises(McpServerLost) as caught:
        await McpServerStdio("library", "/no/such/program").__aenter__()
    assert isinstance(caught.value.__cause__, FileNotFoundError)


async def test_an_agent_calls_the_tools_of_a_server_on_the_network(url: str) -> None:
    async with McpServerStreamableHttp("library", url, {"X-Desk": "4"}) as server:
        outcome = await (await tool(server, "find_book")).run(CONTEXT, '{"title":"Emma"}')
        assert outcome == ToolOutcome("Emma is on shelf 7")
        assert json.loads(await server.call_tool("surroundings", {}))["desk"] == "4"
        assert await server.call_tool("shelves", {}) == '{\n  "7": 30\n}'
        assert await server.call_tool("cover", {}) == "It is red.\n[image, image/png]"


async def test_tools_are_asked_for_again_when_they_change(url: str) -> None:
    async with McpServerStreamableHttp("library", url) as server:
        before, asked = await names(server), -1
        async with asyncio.timeout(5):  # until it listens
            while asked != (asked := await listings(server)):
                assert await names(server) == before
        await server.call_tool("acquire", {"title": "Emma"})
        async with asyncio.timeout(5):
            while await names(server) != [*before, "Emma"]:
                await asyncio.sleep(0.005)
        assert await listings(server) > asked


async def test_what_a_tool_says_of_its_failure_is_for_the_model(url: str) -> None:
    async with McpServerStreamableHttp("library", url) as server:
        outcome = await (await tool(server, "lend")).run(CONTEXT, '{"title":"Emma"}')
        text = "Error executing tool lend: Emma is lent already"
        assert outcome == ToolOutcome(text, has_failed=True)


async def test_calls_run_beside_each_other(library: Library, url: str) -> None:
    async with McpServerStreamableHttp("library", url) as server:
        ponder = await tool(server, "ponder")
        thinking = [asyncio.ensure_future(ponder.run(CONTEXT, "")) for _ in range(5)]
        await until(lambda: library.waiting == 5)
        assert await server.call_tool("find_book", {"title": "Emma"}) == "Emma is on shelf 7"
        for each in thinking[:2]:
            each.cancel()
        await until(lambda: library.ended == 2)
        assert library.waiting == 3
    outcomes = await asyncio.gather(*thinking, return_exceptions=True)
    lost = ToolOutcome("The service cannot be reached.", has_failed=True)
    assert outcomes[2:] == [lost] * 3


async def test_a_call_has_only_so_long(library: Library, url: str) -> None:
    async with McpServerStreamableHttp("library", url, timeout_s=1.0) as server:
        with pytest.raises(ToolTimeout, match=r"^Tool 'ponder' timed out after 1 seconds\.$"):
            await server.call_tool("ponder", {})
        await until(lambda: library.ended == 1)
        assert await server.call_tool("find_book", {"title": "Emma"}) == "Emma is on shelf 7"


@pytest.mark.parametrize("is_legacy", [True, False])
async def test_a_server_that_was_started_again_is_connected_to_again(is_legacy: bool) -> None:
    with over_http(Library(is_legacy=is_legacy)) as port:
        server = McpServerStreamableHttp("library", f"http://127.0.0.1:{port}/mcp")
        await server.__aenter__()
        assert await names(server)
    with pytest.raises(ToolError, match=r"^MCP server library is gone$"):
        await server.call_tool("listings", {})
    with over_http(Library(is_legacy=is_legacy), port):
        assert await server.call_tool("find_book", {"title": "Emma"}) == "Emma is on shelf 7"
        await server.__aexit__(None, None, None)


async def test_a_session_that_the_server_forgot_is_begun_again() -> None:
    with over_http(Library(is_legacy=True)) as port:
        server = McpServerStreamableHttp("library", f"http://127.0.0.1:{port}/mcp")
        await server.__aenter__()
    with over_http(Library(is_legacy=True), port):
        assert await server.call_tool("find_book", {"title": "Emma"}) == "Emma is on shelf 7"
        await server.__aexit__(None, None, None)


async def test_a_session_answers_the_model_with_what_the_server_said(url: str) -> None:
    async with McpServerStreamableHttp("library", url) as server:
        agent = RealtimeAgent("Reception", mcp_servers=[server])
        async with joined(agent) as (_session, far_end):
            call = function_call("find_book", arguments='{"title":"Emma"}')
            await far_end.say(created(), call, done())
            (answer,) = await far_end.has_received("conversation.item.create")
            assert answer["item"]["output"] == "Emma is on shelf 7"


async def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "mcp_connection":
            raise ModuleNotFoundError("No module named 'mcp'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'sipagent\[mcp\]'"):
        await McpServerStdio("library", "x").__aenter__()


async def test_a_server_that_is_not_entered_is_our_mistake() -> None:
    with pytest.raises(ConfigError, match="MCP server library: it is not entered"):
        await process().call_tool("find_book", {})


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(timeout_s: float) -> None:
    with pytest.raises(ConfigError, match="timeout_s"):
        McpServerStreamableHttp("library", "http://127.0.0.1/", timeout_s=timeout_s)
