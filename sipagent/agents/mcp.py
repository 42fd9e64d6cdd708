"""Tools of MCP servers, as function tools: listed when an agent begins to speak.

A server that does not list its tools, or lists one that cannot be described, costs those tools
and not the phone call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from sipagent.errors import ConfigError

from .callbacks import raised
from .tool_context import ToolContext
from .tools import FunctionTool

log = logging.getLogger(__name__)

LIST_LIMIT_S = 10.0
"""How long listing may take: the caller hears nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool as its server lists it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """Its ``inputSchema``."""
    needs_approval: bool = False
    """Whether it runs only when somebody said so: nothing that a server lists."""


@runtime_checkable
class McpServer(Protocol):
    """A connection to an MCP server, opened and closed by its owner."""

    @property
    def name(self) -> str: ...
    async def list_tools(self) -> Sequence[McpTool]: ...
    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> Any: ...


async def mcp_tools(server: McpServer) -> list[FunctionTool]:
    """Return the tools ``server`` has now, none if it does not say."""
    try:
        async with asyncio.timeout(LIST_LIMIT_S):
            listed = await server.list_tools()
        tools = (_function_tool(server, tool) for tool in listed)
        return [tool for tool in tools if tool is not None]
    except BaseException as error:
        log.warning("! no tools of %s: %s", server.name, type(raised(error)).__name__)
        return []


def _function_tool(server: McpServer, tool: McpTool) -> FunctionTool | None:
    async def invoke(context: ToolContext, arguments: Mapping[str, Any]) -> Any:
        return await server.call_tool(tool.name, arguments)

    try:
        return FunctionTool(
            tool.name,
            tool.description,
            tool.parameters,
            invoke,
            strict=False,
            needs_approval=tool.needs_approval,
        )
    except ConfigError as error:
        log.warning("! no tool %s of %s: %s", tool.name, server.name, error)
        return None
