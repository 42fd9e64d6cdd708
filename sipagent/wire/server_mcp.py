"""Events about tools the server calls itself (Realtime: server events, MCP)."""

from __future__ import annotations

from typing import ClassVar

from .events import Event


class _ListTools(Event):
    item_id: str


class McpListToolsInProgress(_ListTools):
    """A server's tools are being asked for."""

    TYPE: ClassVar[str] = "mcp_list_tools.in_progress"


class McpListToolsCompleted(_ListTools):
    """A server's tools are known."""

    TYPE: ClassVar[str] = "mcp_list_tools.completed"


class McpListToolsFailed(_ListTools):
    """A server did not tell its tools."""

    TYPE: ClassVar[str] = "mcp_list_tools.failed"


class ResponseMcpCallArgumentsDelta(Event):
    """A piece of a call's arguments."""

    TYPE: ClassVar[str] = "response.mcp_call_arguments.delta"
    response_id: str
    item_id: str
    output_index: int
    delta: str
    obfuscation: str | None = None
    """Padding against guessing the text from the size of messages; says nothing."""


class ResponseMcpCallArgumentsDone(Event):
    """A call's arguments, whole."""

    TYPE: ClassVar[str] = "response.mcp_call_arguments.done"
    response_id: str
    item_id: str
    output_index: int
    arguments: str


class _McpCall(Event):
    item_id: str
    output_index: int


class ResponseMcpCallInProgress(_McpCall):
    """The tool runs."""

    TYPE: ClassVar[str] = "response.mcp_call.in_progress"


class ResponseMcpCallCompleted(_McpCall):
    """The tool answered; its output is in the item."""

    TYPE: ClassVar[str] = "response.mcp_call.completed"


class ResponseMcpCallFailed(_McpCall):
    """The tool did not answer; its error is in the item."""

    TYPE: ClassVar[str] = "response.mcp_call.failed"
