"""The MCP servers of one session: each listed once, found by the names of their tools.

| resource | acquired                     | released     | on failure                              |
|----------|------------------------------|--------------|-----------------------------------------|
| listing  | ``offer`` of a server that   | its end      | told as ``failed``; the session goes on |
|          | is new to the session        |              | without its tools                       |

Realtime: ``mcp_list_tools.*``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from sipagent.engine.checks import Json
from sipagent.engine.items import Conversation
from sipagent.engine.output import Send
from sipagent.engine.tasks import Tasks
from sipagent.wire import server

from .approval import is_allowed, needs_approval
from .client import listed_tools

LIST_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class McpTool:
    """One tool of one server."""

    server: Json
    """The session's tool of type ``mcp``."""
    listed: Json
    """As its server tells it."""

    @property
    def needs_approval(self) -> bool:
        """Tell whether the client must agree to each call."""
        return needs_approval(self.server, self.listed)


class McpTools:
    """List servers, and find their tools.

    Args:
        conversation: Where listings go.
        send: Sends one event.
        tasks: Owns listings.
    """

    def __init__(self, conversation: Conversation, send: Send, tasks: Tasks) -> None:
        self._conversation, self._send, self._tasks = conversation, send, tasks
        self._listed: dict[str, list[Json]] = {}
        """Tools by server; none while they are being asked for."""

    def offer(self, tools: Sequence[Json]) -> None:
        """List the servers that are new."""
        for tool in tools:
            if tool.get("type") == "mcp" and _key(tool) not in self._listed:
                self._listed[_key(tool)] = []
                self._tasks.start(self._list(tool), "MCP listing")

    def find(self, tools: Sequence[Json], name: str, label: str | None = None) -> McpTool | None:
        """Return the tool ``name`` that ``tools`` offer; a function of that name comes first.

        Args:
            tools: In effect.
            name: Of the tool.
            label: Of its server, if that is known.
        """
        if label is None and any(
            tool.get("type") == "function" and tool["name"] == name for tool in tools
        ):
            return None
        offered = (tool for tool in self.offered(tools) if tool.listed["name"] == name)
        fitting = (each for each in offered if label in (None, each.server["server_label"]))
        return next(fitting, None)

    def offered(self, tools: Sequence[Json]) -> list[McpTool]:
        """Return what is known of the servers among ``tools``."""
        return [
            McpTool(tool, listed)
            for tool in tools
            if tool.get("type") == "mcp"
            for listed in self._listed.get(_key(tool), [])
            if is_allowed(tool, listed)
        ]

    async def _list(self, tool: Json) -> None:
        item: Json = {
            "id": f"mcpl_{token_hex(10)}",
            "object": "realtime.item",
            "type": "mcp_list_tools",
            "server_label": tool["server_label"],
            "tools": [],
        }
        item_id = item["id"]
        previous = self._conversation.add(item)
        snapshot = self._conversation.snapshot(item_id)
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.McpListToolsInProgress(item_id=item_id))
        found = None
        try:
            async with asyncio.timeout(LIST_LIMIT_S):
                found = await listed_tools(tool)
        except TimeoutError:
            pass
        if found is None:
            self._listed.pop(_key(tool))  # the next update asks again
            await self._send(server.McpListToolsFailed(item_id=item_id))
            return
        self._listed[_key(tool)] = found
        item["tools"] = [each for each in found if is_allowed(tool, each)]
        await self._send(server.McpListToolsCompleted(item_id=item_id))
        if item_id in self._conversation:  # else its client has deleted it meanwhile
            snapshot = self._conversation.snapshot(item_id)
            previous = self._conversation.previous(item_id)
            await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))


def _key(tool: Json) -> str:
    """Return what makes a server another one."""
    parts = [tool.get(key) for key in ("server_label", "server_url", "authorization", "headers")]
    return json.dumps(parts, sort_keys=True)
