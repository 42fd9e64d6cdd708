"""A server of the official MCP SDK, over streamable HTTP on a free port, which it prints."""

from __future__ import annotations

import socket

import uvicorn
from mcp.server import MCPServer

server = MCPServer("weather")


@server.tool()
def forecast(city: str) -> str:
    """Tell how the weather will be."""
    return f"rain in {city}"


@server.tool()
def thunder() -> str:
    """Fail."""
    raise ValueError("too loud")


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(server.streamable_http_app(), log_level="error")
uvicorn.Server(config).run(sockets=[listener])
