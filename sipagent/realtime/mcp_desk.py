"""What the endpoint does with MCP servers by itself: lists, calls, and requests for approval.

    mcp_list_tools done         the agent's tools may have changed
    mcp_approval_request done   somebody is asked; the word goes back as an item
    mcp_call done               told, and the model goes on

A list that fails costs the tools and nothing else. No I/O, no clock.
"""

from __future__ import annotations

from typing import Any

from sipagent.agents.resolving import ResolvedAgent
from sipagent.wire import server
from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.events import Json

from . import events
from .conversation_events import McpToolCallCompleted, McpToolsChanged, ToolApprovalRequested
from .history_items import McpApprovalRequest, McpCall
from .item_json import from_wire
from .mcp_tools import McpTools
from .outbox import Outbox


class McpDesk:
    """Decide what follows from MCP items.

    Args:
        out: Where it is said.
        must_respond: Whether the model is asked to go on after a call.
    """

    def __init__(self, out: Outbox, *, must_respond: bool) -> None:
        self._out, self._must_respond = out, must_respond
        self._tools = McpTools()
        self._pending: dict[str, McpApprovalRequest] = {}
        self._told: set[str] = set()

    def move(self, out: Outbox) -> None:
        """Say everything over another connection, whose endpoint has the same conversation."""
        self._out = out

    @property
    def available(self) -> tuple[Json, ...]:
        """The MCP tools the agent has now."""
        return self._tools.available

    @property
    def pending_approvals(self) -> tuple[McpApprovalRequest, ...]:
        """What waits for a decision, oldest first."""
        return tuple(self._pending.values())

    def agent_changed(self, agent: ResolvedAgent, *, now: float) -> None:
        """Note that another agent goes on."""
        if self._tools.update(agent.mcp_servers):
            self._out.tell(McpToolsChanged(self._tools.available, now))

    def take(self, event: server.ServerEvent, agent: ResolvedAgent, *, now: float) -> None:
        """Take an event of the endpoint."""
        match event:
            case (
                server.ConversationItemDone(item=item) | server.ConversationItemRetrieved(item=item)
            ):
                self._take_item(item, agent, now)
            case _:
                pass

    def decide(
        self, request: McpApprovalRequest, *, is_approved: bool, reason: str | None, now: float
    ) -> None:
        """Answer a request."""
        if self._pending.pop(request.item_id, None) is None:
            text = f"no approval of {request.item_id} is pending"
            self._out.tell(events.SessionErrorReported("approval_unknown", text, "", False, now))
            return
        item: dict[str, Any] = {
            "type": "mcp_approval_response",
            "approval_request_id": request.item_id,
            "approve": is_approved,
        }
        if reason is not None:
            item["reason"] = reason
        self._out.send(ConversationItemCreate(item=item, previous_item_id=request.item_id))

    def _take_item(self, item: Json, agent: ResolvedAgent, now: float) -> None:
        item_id = str(item.get("id", ""))
        if item.get("type") == "mcp_list_tools":
            self._tools.listed(item)
            self.agent_changed(agent, now=now)
            return
        match from_wire(item, store_audio=False):
            case McpApprovalRequest() as request if item_id not in self._told:
                self._told.add(item_id)
                self._pending[item_id] = request
                self._out.tell(ToolApprovalRequested(agent.agent, request, now))
            case McpCall(status="completed" | "incomplete") as call if item_id not in self._told:
                self._told.add(item_id)
                self._out.tell(McpToolCallCompleted(agent.agent, call, now))
                if self._must_respond:
                    self._out.request_response()
            case _:
                pass
