"""MCP servers that the endpoint talks to itself (Realtime: tools of type ``mcp``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from sipagent.errors import ConfigError

Approval: TypeAlias = Literal["never", "always"] | Mapping[str, Any]
"""For all tools, or ``{never: {tool_names}, always: {tool_names}}``."""


@dataclass(frozen=True, slots=True)
class HostedMcpTool:
    """One server; see :func:`hosted_mcp_tool`."""

    server_label: str
    server_url: str | None = None
    connector_id: str | None = None
    server_description: str | None = None
    authorization: str | None = None
    headers: Mapping[str, str] | None = None
    allowed_tools: Sequence[str] | Mapping[str, Any] | None = None
    require_approval: Approval = "never"

    @property
    def name(self) -> str:
        """What it is called among the tools of an agent."""
        return self.server_label

    def to_wire(self) -> dict[str, Any]:
        """Return the tool of the wire."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {"type": "mcp", **{key: value for key, value in given.items() if value is not None}}

    def allows(self, tool_name: str) -> bool:
        """Tell whether the agent has this tool of the server."""
        allowed = self.allowed_tools
        names = allowed.get("tool_names") if isinstance(allowed, Mapping) else allowed
        return names is None or tool_name in names


def hosted_mcp_tool(
    server_label: str,
    *,
    server_url: str | None = None,
    connector_id: str | None = None,
    server_description: str | None = None,
    authorization: str | None = None,
    headers: Mapping[str, str] | None = None,
    allowed_tools: Sequence[str] | Mapping[str, Any] | None = None,
    require_approval: Approval = "never",
) -> HostedMcpTool:
    """Let the endpoint use an MCP server.

    Raises:
        ConfigError: If there is no label, or not exactly one of URL and connector.
    """
    where = f"hosted_mcp_tool {server_label}"
    if not server_label:
        raise ConfigError("a server needs a label", where=where)
    if (server_url is None) == (connector_id is None):
        raise ConfigError("give either server_url or connector_id", where=where)
    if isinstance(require_approval, str) and require_approval not in {"never", "always"}:
        raise ConfigError("require_approval must be never, always or a mapping", where=where)
    return HostedMcpTool(
        server_label,
        server_url,
        connector_id,
        server_description,
        authorization,
        headers,
        allowed_tools,
        require_approval,
    )
