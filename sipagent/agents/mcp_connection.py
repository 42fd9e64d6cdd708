"""One connection to an MCP server, opened, held and closed by one task of its own.

The package's client must be left by the task that entered it, while calls come from whoever runs a
tool and may be cancelled. So they use what the owner holds:

| resource          | acquired  | released                 | on failure                     |
|-------------------|-----------|--------------------------|--------------------------------|
| owner task        | ``start`` | ``close``, or its end    | whoever waits is told          |
| process or socket | the owner | the owner, uninterrupted | the connection is over         |

A connection is never mended: when it is over, whoever needs one starts another.

MCP: basic/lifecycle, server/tools.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
from mcp import Client, MCPError
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp_types import CONNECTION_CLOSED, ToolListChangedNotification

from sipagent.errors import ToolError

from .mcp import McpTool
from .mcp_results import told_result
from .tool_errors import DEFAULT_ERROR, ToolTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp.client._transport import TransportStreams
    from mcp.client.session import IncomingMessage

log = logging.getLogger(__name__)

CLOSE_LIMIT_S = 2.0
"""How long saying goodbye over HTTP may take; a process has limits of its own."""
LISTEN_PAUSE_S = 1.0
"""Between two tries to be told of changes."""

Opening: TypeAlias = "Callable[[McpConnection], AbstractAsyncContextManager[TransportStreams]]"


class McpServerLost(ToolError):
    """The server does not answer, or went away.

    Args:
        name: Of the server.
    """

    def __init__(self, name: str) -> None:
        self.server_name = name
        super().__init__(f"MCP server {name} is gone", spoken="The service cannot be reached.")


class McpConnection:
    """Hold a client; list and call through it.

    Args:
        name: Of the server, for logs.
        opening: Opens the way there.
        timeout_s: Of connecting, of listing, and of one call.

    Attributes:
        is_forgotten: The server does not know us any more, and did not do what it was asked.
    """

    def __init__(self, name: str, opening: Opening, timeout_s: float) -> None:
        self.is_forgotten = False
        self._name, self._opening, self._timeout_s = name, opening, timeout_s
        self._scope = anyio.CancelScope()
        self._settled, self._over = asyncio.Event(), asyncio.Event()
        self._client: Client | None = None
        self._why: Exception | None = None
        self._owner: asyncio.Task[None] | None = None
        self._listed: tuple[McpTool, ...] | None = None
        self._changes = 0
        self._are_changes_told = True

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can be asked."""
        return self._over.is_set()

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing is left of it."""
        return self._owner is not None and self._owner.done()

    def start(self) -> None:
        """Begin to connect."""
        self._scope.deadline = anyio.current_time() + self._timeout_s
        name = f"MCP server {self._name}"
        self._owner = asyncio.get_running_loop().create_task(self._hold(), name=name)

    def lost(self) -> None:
        """Use it no more; its owner closes it."""
        self._over.set()

    def forgotten(self) -> None:
        """Use it no more, once those who wait have their answers: see ``close``."""
        self.is_forgotten = True

    def end(self) -> None:
        """Begin to close it."""
        self._over.set()
        if self._client is None:
            self._scope.cancel()

    async def close(self) -> None:
        """Close it; when cancelled, it is closed first all the same."""
        self.end()
        cancelled: asyncio.CancelledError | None = None
        while self._owner is not None and not self._owner.done():
            try:
                await asyncio.wait([self._owner])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def client(self) -> Client:
        """Return the client, once it is connected.

        Raises:
            McpServerLost: If it is not, or no more.
        """
        await self._settled.wait()
        if self._client is None:
            raise McpServerLost(self._name) from self._why
        return self._client

    async def tools(self) -> tuple[McpTool, ...]:
        """Return the server's tools; they are asked for again when it tells of a change.

        Raises:
            ToolError: If it does not list them.
        """
        if self._listed is not None:
            return self._listed
        client, changes = await self.client(), self._changes
        with self._failures("tools/list"):
            async with asyncio.timeout(self._timeout_s):
                listed = tuple([tool async for tool in _pages(client)])
        if self._are_changes_told and changes == self._changes:
            self._listed = listed
        return listed

    async def call(self, tool_name: str, arguments: Mapping[str, Any]) -> str:
        """Return what a tool answers, as text for the model.

        Cancelling it tells the server.

        Raises:
            ToolError: If the tool, its server or the way there fails.
        """
        client, where = await self.client(), f"{tool_name} of MCP server {self._name}"
        with self._failures(tool_name):
            async with asyncio.timeout(self._timeout_s):
                result = await client.call_tool(tool_name, dict(arguments))
        return told_result(result, where)

    @contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Raise the package's errors as ours, without what was said."""
        try:
            yield
        except TimeoutError:
            raise ToolTimeout(what, self._timeout_s) from None
        except (MCPError, RuntimeError, ValueError) as error:  # the latter: answers that are none
            code = error.code if isinstance(error, MCPError) else type(error).__name__
            if code == CONNECTION_CLOSED or self.is_over or self.is_forgotten:
                raise McpServerLost(self._name) from error
            text = f"MCP server {self._name} fails at {what}: {code}"
            raise ToolError(text, spoken=DEFAULT_ERROR) from error

    async def _hold(self) -> None:
        """Connect, hold, close: all that must happen in one task."""
        streams = self._opening(self)
        try:
            with self._scope:
                async with Client(streams, message_handler=self._heard, cache=None) as client:
                    self._scope.deadline = math.inf
                    self._client = client
                    self._settled.set()
                    async with anyio.create_task_group() as group:
                        group.start_soon(self._listen, client)
                        await self._over.wait()
                        group.cancel_scope.cancel()
                    self._scope.deadline = anyio.current_time() + CLOSE_LIMIT_S
            if anyio.current_time() >= self._scope.deadline and self._client is None:
                raise TimeoutError
            log.info("= MCP server %s: closed", self._name)
        except Exception as error:
            self._why = _first(error)
            log.warning("! MCP server %s: %s", self._name, type(self._why).__name__)
        finally:
            self._client = None
            self._over.set()
            self._settled.set()

    async def _listen(self, client: Client) -> None:
        """Be told of changes by servers that must be asked for that; others tell unasked."""
        offered = client.server_capabilities.tools
        while offered is not None and offered.list_changed:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    self._are_changes_told = True
                    self._forget_tools()  # they may have changed before
                    async for _ in changes:
                        pass  # _heard is told as well
            except ListenNotSupportedError:
                return
            except (MCPError, SubscriptionLost) as error:
                log.info("! MCP server %s: %s", self._name, type(error).__name__)
            self._are_changes_told = False
            self._forget_tools()
            await anyio.sleep(LISTEN_PAUSE_S)

    async def _heard(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._forget_tools()

    def _forget_tools(self) -> None:
        self._changes += 1
        self._listed = None


async def _pages(client: Client) -> AsyncIterator[McpTool]:
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            yield McpTool(tool.name, tool.description or "", tool.input_schema)
        cursor = page.next_cursor
        if cursor is None:
            return


def _first(error: Exception) -> Exception:
    """Return what the groups of a task group are about."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
