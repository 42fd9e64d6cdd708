"""Ways to an MCP server: a process of ours, or HTTP. Each tells when the way is no more.

The package's client does not tell that a connection ended while nobody asked for anything; a
process that died is seen at the end of its output, a session that an HTTP server no longer knows
at status 404.

MCP: basic/transports.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

import anyio
import httpx2
from mcp import StdioServerParameters, stdio_client
from mcp.client.streamable_http import MCP_SESSION_ID, streamable_http_client
from mcp.shared.message import SessionMessage

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, TransportStreams

HTTP_LIMIT_S = 30.0
"""For connecting and sending; those who call have limits of their own, mostly shorter."""
STREAM_LIMIT_S = 300.0
"""How long a stream of server events may be silent; listening begins anew then."""

Incoming: TypeAlias = SessionMessage | Exception
Told: TypeAlias = Callable[[], None]


@asynccontextmanager
async def stdio(parameters: StdioServerParameters, lost: Told) -> AsyncIterator[TransportStreams]:
    """Run a server as a process that speaks on its standard output; its errors go to ours.

    Args:
        parameters: Of the process.
        lost: Called when it says no more.
    """
    with anyio.CancelScope(shield=True) as scope:  # one interrupted at its start is never reaped
        async with stdio_client(parameters, errlog=sys.stderr) as (reading, writing):
            scope.shield = False
            yield _Watched(reading, lost), writing


@asynccontextmanager
async def streamable_http(
    url: str, headers: Mapping[str, str], lost: Told, forgotten: Told
) -> AsyncIterator[TransportStreams]:
    """Speak to a server over HTTP.

    Args:
        url: Of its endpoint.
        headers: Of each request.
        lost: Called when the package gives it up.
        forgotten: Called when it does not know our session, and did not do what we asked.
    """

    async def heard(response: httpx2.Response) -> None:
        if response.status_code == 404 and MCP_SESSION_ID in response.request.headers:
            forgotten()

    async with (
        httpx2.AsyncClient(
            headers=dict(headers),
            timeout=httpx2.Timeout(HTTP_LIMIT_S, read=STREAM_LIMIT_S),
            limits=httpx2.Limits(max_connections=None),
            event_hooks={"response": [heard]},
        ) as http,
        streamable_http_client(url, http_client=http) as (reading, writing),
    ):
        yield _Watched(reading, lost), writing


class _Watched:
    """A stream to read from that tells its end."""

    def __init__(self, stream: ReadStream[Incoming], ended: Told) -> None:
        self._stream, self._ended = stream, ended

    async def receive(self) -> Incoming:
        try:
            return await self._stream.receive()
        except BaseException:  # its end, or the end of who reads it, both before anyone is told
            self._ended()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Incoming:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> _Watched:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
