"""An MCP server of the official package: a library, as a process or over streamable HTTP.

As a program: ``mcp_library.py [legacy] [stubborn] [silent]``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from mcp import stdio_server
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.runner import serve_loop
from mcp_types import CallToolResult, ImageContent, TextContent


class Library:
    """A server of a few tools.

    Args:
        is_legacy: It speaks as before version 2026-07-28: a handshake, changes told unasked.

    Attributes:
        server: The package's.
        waiting: Calls of ``ponder`` under way.
        ended: Calls of ``ponder`` that were cancelled.
    """

    def __init__(self, *, is_legacy: bool = False) -> None:
        self.server = MCPServer("library", log_level="CRITICAL")
        self.waiting = self.ended = self._listings = 0
        self._is_legacy = is_legacy
        self.server.middleware.append(self._seen)
        for tool in (
            self.find_book, self.shelves, self.cover, self.lend, self.ponder, self.crash,
            self.acquire, self.listings, self.surroundings, self.broken,
        ):  # fmt: skip
            self.server.add_tool(tool)

    async def _seen(self, ctx: Any, call_next: Any) -> Any:
        self._listings += ctx.method == "tools/list"
        return await call_next(ctx)

    def find_book(self, title: str) -> str:
        """Find a book."""
        return f"{title} is on shelf 7"

    def shelves(self) -> dict[str, int]:
        """Tell how full shelves are."""
        return {"7": 30}

    def cover(self) -> CallToolResult:
        """Show a cover."""
        picture = ImageContent(data="cmVk", mime_type="image/png")
        return CallToolResult(content=[TextContent(text="It is red."), picture])

    def lend(self, title: str) -> str:
        """Lend a book."""
        raise ToolError(f"{title} is lent already")

    async def ponder(self) -> str:
        """Think for as long as it takes."""
        self.waiting += 1
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.ended += 1
            raise
        finally:
            self.waiting -= 1
        return "42"

    async def crash(self) -> str:
        """End the process."""
        os._exit(3)

    async def acquire(self, context: Context, title: str) -> str:
        """Have a tool more."""
        self.server.add_tool(lambda: "yes", name=title, description="New.")
        if self._is_legacy:
            await context.session.send_tool_list_changed()
        else:
            await context.notify_tools_changed()
        return "done"

    def listings(self) -> str:
        """Tell how often tools were listed."""
        return str(self._listings)

    def surroundings(self, context: Context) -> dict[str, Any]:
        """Tell where it is."""
        return {
            "pid": os.getpid(),
            "folder": str(Path.cwd()),
            "branch": os.environ.get("BRANCH"),
            "desk": (context.headers or {}).get("x-desk"),
        }

    def broken(self) -> CallToolResult:
        """Fail without a word."""
        return CallToolResult(content=[], is_error=True)

    def app(self) -> Any:
        """Return it as an ASGI application."""
        app = self.server.streamable_http_app(streamable_http_path="/mcp")

        async def handshakes_only(scope: Any, receive: Any, send: Any) -> None:
            headers = dict(scope.get("headers", ()))
            if headers.get(b"mcp-protocol-version") == b"2026-07-28":
                await send({"type": "http.response.start", "status": 400, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            await app(scope, receive, send)

        return handshakes_only if self._is_legacy else app

    async def run(self) -> None:
        """Speak on standard input and output."""
        if not self._is_legacy:
            await self.server.run_stdio_async()
            return
        core = self.server._lowlevel_server  # the package has no other way to be old
        options = core.create_initialization_options()
        async with stdio_server() as (reading, writing):
            await serve_loop(core, reading, writing, lifespan_state={}, init_options=options)


@contextmanager
def over_http(library: Library, port: int = 0) -> Iterator[int]:
    """Serve ``library`` on a loop of its own; yield its port."""
    import uvicorn  # noqa: PLC0415  not loaded by the process

    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        library.app(), log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=0
    )
    web = uvicorn.Server(config)
    thread = Thread(target=web.run, args=([listener],), name="MCP server")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        web.should_exit = True
        thread.join(timeout=10)
        listener.close()
    assert not thread.is_alive()


if __name__ == "__main__":
    if "silent" in sys.argv:  # until its input ends
        sys.stdin.read()
        sys.exit()
    if "stubborn" in sys.argv:  # stays when it should go
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(Library(is_legacy="legacy" in sys.argv).run())
    while "stubborn" in sys.argv:
        time.sleep(1)
