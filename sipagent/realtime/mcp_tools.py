"""Tools of MCP servers that the endpoint talks to itself: which of them has the agent now?

The endpoint lists them per server; an agent has those of the servers it names, less what it does
not allow, and of tools with one name the first (Realtime: mcp_list_tools). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sipagent.agents.hosted_mcp import HostedMcpTool
from sipagent.wire.events import Json


class McpTools:
    """Remember what was listed."""

    def __init__(self) -> None:
        self._listed: dict[str, list[Json]] = {}
        self.available: tuple[Json, ...] = ()

    def listed(self, item: Json) -> None:
        """Take an ``mcp_list_tools`` item; what is wrong in it counts as absent."""
        label, tools = item.get("server_label"), item.get("tools")
        if isinstance(label, str) and isinstance(tools, list):
            self._listed[label] = [tool for tool in tools if _name(tool)]

    def update(self, servers: Sequence[HostedMcpTool]) -> bool:
        """Work out what an agent with ``servers`` has; return whether the names changed."""
        before = {_name(tool) for tool in self.available}
        tools: dict[str, Json] = {}
        for server in servers:
            for tool in self._listed.get(server.server_label, []):
                if server.allows(_name(tool)):
                    tools.setdefault(_name(tool), tool)
        self.available = tuple(tools.values())
        return set(tools) != before


def _name(tool: Any) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    return name if isinstance(name, str) else ""
