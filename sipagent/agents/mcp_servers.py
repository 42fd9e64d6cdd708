"""MCP servers of an agent: a process of ours, or one on the network. Whoever enters one leaves it.

    async with McpServerStdio("files", "mcp-files", ["/srv/menu"]) as files:
        agent = RealtimeAgent("Reception", mcp_servers=[files])

A connection that breaks costs the calls under way, since nobody knows how far they came; the next
request connects once more. A server may be shared by many phone calls of one event loop.

The package ``mcp`` is loaded when the first server is entered.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sipagent.errors import ConfigError

from .mcp import McpTool

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from .mcp_connection import McpConnection

DEFAULT_LIMIT_S = 15.0
"""Shorter than a tool's own limit, so that the model is told what took so long."""


class _Connecting(ABC):
    """A server that is connected to while it is entered."""

    name: str
    timeout_s: float
    _connections: list[McpConnection]
    """The last one is in use; those before it are being closed. None: not entered."""

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            ConfigError: If the package ``mcp`` is missing, or the server is entered already.
            McpServerLost: If the server does not answer; ``__cause__`` says why.
        """
        if self._connections:
            raise ConfigError("it is entered already", where=f"MCP server {self.name}")
        self._connect()
        try:
            await self._connections[-1].client()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def list_tools(self) -> Sequence[McpTool]:
        """Return the tools the server has now.

        Raises:
            ToolError: If it does not tell.
        """
        from .mcp_connection import McpServerLost  # noqa: PLC0415  an optional extra

        connection = self._connection()
        await connection.client()
        try:
            return await connection.tools()
        except McpServerLost:
            return await self._connection().tools()

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Return what a tool answers, as text for the model.

        Raises:
            ToolError: If the tool, its server or the way there fails; ``spoken`` is for the model.
        """
        from .mcp_connection import McpServerLost  # noqa: PLC0415  an optional extra

        connection = self._connection()
        try:
            return await connection.call(name, arguments)
        except McpServerLost:
            if not connection.is_forgotten:
                raise  # it may have been done
        return await self._connection().call(name, arguments)

    @abstractmethod
    def _opened(self, connection: McpConnection) -> AbstractAsyncContextManager[TransportStreams]:
        """Return the way to the server."""

    def _connection(self) -> McpConnection:
        """Return the connection, another one when the last is over."""
        if not self._connections:
            raise ConfigError("it is not entered", where=f"MCP server {self.name}")
        last = self._connections[-1]
        if last.is_over or last.is_forgotten:
            last.end()
            self._connect()
        return self._connections[-1]

    def _connect(self) -> None:
        try:
            from .mcp_connection import McpConnection  # noqa: PLC0415  an optional extra
        except ImportError as error:
            text = "MCP servers need the extra mcp: pip install 'sipagent[mcp]'"
            raise ConfigError(text, where=f"MCP server {self.name}") from error
        open_ones = [each for each in self._connections if not each.is_closed]
        self._connections[:] = [*open_ones, McpConnection(self.name, self._opened, self.timeout_s)]
        self._connections[-1].start()

    async def _close(self) -> None:
        connections, self._connections[:] = self._connections[:], []
        for connection in connections:
            connection.end()
        try:
            for connection in connections[:-1]:
                await connection.close()
        finally:
            for connection in connections[-1:]:
                await connection.close()


@dataclass(eq=False)
class McpServerStdio(_Connecting):
    """A process of ours that speaks MCP on its standard input and output.

    Raises:
        ConfigError: If ``timeout_s`` is no time.
    """

    name: str
    command: str
    args: Sequence[str] = ()
    env: Mapping[str, str] | None = None
    """Added to what every process gets: ``HOME``, ``PATH`` and the like, nothing else of ours."""
    cwd: str | Path | None = None
    timeout_s: float = DEFAULT_LIMIT_S
    """Of connecting, of listing, and of one call."""
    _connections: list[McpConnection] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_limit(self.name, self.timeout_s)

    def _opened(self, connection: McpConnection) -> AbstractAsyncContextManager[TransportStreams]:
        from mcp import StdioServerParameters  # noqa: PLC0415  an optional extra

        from .mcp_transports import stdio  # noqa: PLC0415  an optional extra

        parameters = StdioServerParameters(
            command=self.command,
            args=list(self.args),
            env=None if self.env is None else dict(self.env),
            cwd=self.cwd,
        )
        return stdio(parameters, connection.lost)


@dataclass(eq=False)
class McpServerStreamableHttp(_Connecting):
    """A server on the network that speaks MCP over streamable HTTP.

    Raises:
        ConfigError: If ``timeout_s`` is no time.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of each request, ``Authorization`` for one."""
    timeout_s: float = DEFAULT_LIMIT_S
    """Of connecting, of listing, and of one call."""
    _connections: list[McpConnection] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_limit(self.name, self.timeout_s)

    def _opened(self, connection: McpConnection) -> AbstractAsyncContextManager[TransportStreams]:
        from .mcp_transports import streamable_http  # noqa: PLC0415  an optional extra

        return streamable_http(self.url, self.headers, connection.lost, connection.forgotten)


def _check_limit(name: str, timeout_s: float) -> None:
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        raise ConfigError("timeout_s must be above 0 and finite", where=f"MCP server {name}")
