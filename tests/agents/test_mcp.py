"""Tools of MCP servers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sipagent.agents import mcp
from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.mcp import McpTool, mcp_tools
from sipagent.agents.resolving import resolve
from sipagent.agents.tools import DEFAULT_ERROR, ToolContext, ToolOutcome, function_tool

CONTEXT = ToolContext(None, "call_1", "Reception")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = McpTool("weather.now", "How it is outside.", SCHEMA)


class Server:
    """An MCP server that has what it is told to have."""

    def __init__(self, *tools: McpTool, error: BaseException | None = None) -> None:
        self.name = "weather"
        self.called: list[tuple[str, Mapping[str, Any]]] = []
        self._tools, self._error = tools, error

    async def list_tools(self) -> Sequence[McpTool]:
        if self._error is not None:
            raise self._error
        return self._tools

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> Any:
        self.called.append((name, arguments))
        return {"sky": "blue"}


async def test_a_servers_tool_is_a_function_tool_with_the_servers_schema() -> None:
    (tool,) = await mcp_tools(Server(WEATHER))
    assert tool.to_wire() == {
        "type": "function",
        "name": "weather_now",
        "description": "How it is outside.",
        "parameters": SCHEMA,
    }


async def test_the_server_is_called_by_its_own_name_for_the_tool() -> None:
    server = Server(WEATHER)
    (tool,) = await mcp_tools(server)
    assert await tool.run(CONTEXT, '{"city":"Bonn"}') == ToolOutcome('{"sky": "blue"}')
    assert server.called == [("weather.now", {"city": "Bonn"})]


async def test_arguments_that_do_not_fit_do_not_reach_the_server() -> None:
    server = Server(WEATHER)
    (tool,) = await mcp_tools(server)
    assert await tool.run(CONTEXT, "{}") == ToolOutcome(DEFAULT_ERROR, has_failed=True)
    assert server.called == []


@pytest.mark.parametrize("error", [OSError(), SystemExit(), asyncio.CancelledError()], ids=repr)
async def test_a_server_that_does_not_list_has_no_tools(error: BaseException) -> None:
    assert await mcp_tools(Server(WEATHER, error=error)) == []


async def test_a_server_has_only_so_long_to_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "LIST_LIMIT_S", 0.01)

    class Silent(Server):
        """Never lists."""

        async def list_tools(self) -> Sequence[McpTool]:
            await asyncio.Event().wait()
            return ()

    assert await mcp_tools(Silent()) == []


async def test_a_tool_that_cannot_be_described_costs_only_itself() -> None:
    broken = McpTool("broken", "", {"type": "nothing"})
    assert [tool.name for tool in await mcp_tools(Server(broken, WEATHER))] == ["weather_now"]


async def test_an_agent_has_the_tools_of_its_servers_after_its_own() -> None:
    own = function_tool(lambda: None, name="own")
    resolved = await resolve(
        RealtimeAgent("Reception", tools=[own], mcp_servers=[Server(WEATHER)]), None
    )
    assert [tool.name for tool in resolved.tools] == ["own", "weather_now"]


async def test_a_servers_tool_never_stands_in_for_another() -> None:
    own = function_tool(lambda: None, name="Weather_Now")
    billing = RealtimeAgent("Billing")
    transfer = McpTool("transfer_to_billing", "", SCHEMA)
    agent = RealtimeAgent(
        "Reception",
        tools=[own],
        handoffs=[billing],
        mcp_servers=[
            Server(WEATHER, transfer),
            Server(McpTool("x", "1", SCHEMA), McpTool("X", "0", SCHEMA)),
            Server(McpTool("x", "2", SCHEMA)),
        ],
    )
    resolved = await resolve(agent, None)
    assert [(tool.name, tool.description) for tool in resolved.tools[1:]] == [("x", "1")]
    assert resolved.tools[0] is own
