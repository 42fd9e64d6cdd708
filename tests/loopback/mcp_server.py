"""An MCP server of the official package, over streamable HTTP, for the engine to call."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations


def library() -> tuple[MCPServer, Event]:
    """Return a server of a few tools, and what ends the slow one."""
    server = MCPServer("library", log_level="CRITICAL")
    released = Event()

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def find_book(title: str) -> str:
        """Find a book."""
        return f"{title} is on shelf 7"

    @server.tool()
    def lend(title: str) -> str:
        """Lend a book."""
        raise ToolError(f"{title} is lent already")

    @server.tool()
    def caller(context: Context) -> str:
        """Tell who asks."""
        headers = context.headers or {}
        return f"{headers.get('authorization')} at desk {headers.get('x-desk')}"

    @server.tool()
    async def ponder() -> str:
        """Think for as long as it takes."""
        while not released.is_set():
            await asyncio.sleep(0.01)
        return "42"

    return server, released


@contextmanager
def running_mcp_server() -> Iterator[str]:
    """Run the library on a loop of its own; yield its URL."""
    server, released = library()
    app = server.streamable_http_app(streamable_http_path="/mcp")
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=1
    )
    web = uvicorn.Server(config)
    thread = Thread(target=web.run, args=([listener],), name="MCP server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        released.set()
        web.should_exit = True
        thread.join(timeout=10)
        listener.close()
    assert not thread.is_alive()
