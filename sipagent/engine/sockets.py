"""The WebSockets of the engine: how they are opened, read, and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from .connection import Connection

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
CLOSE_LIMIT_S = 1.0
PING_EVERY_S = 40.0
"""A client that does not answer within half of this is gone."""


class Sockets:
    """Know those that are open."""

    def __init__(self) -> None:
        self._open: set[web.WebSocketResponse] = set()

    @asynccontextmanager
    async def opened(self, request: web.Request) -> AsyncIterator[web.WebSocketResponse]:
        """Answer a handshake; inside, the socket is open unless its client has gone."""
        socket = web.WebSocketResponse(
            protocols=_first_choice(offered_protocols(request)),
            compress=False,
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=CLOSE_LIMIT_S,
            heartbeat=PING_EVERY_S,
        )
        self._open.add(socket)
        try:
            await socket.prepare(request)
            yield socket
        finally:
            self._open.discard(socket)

    async def close_all(self, code: int) -> None:
        """Close them."""
        await asyncio.gather(*(socket.close(code=code) for socket in self._open))


async def serve(socket: web.WebSocketResponse, connection: Connection) -> None:
    """Handle what comes, until the socket is closed."""
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            await connection.handle(message.data)


def offered_protocols(request: web.Request) -> list[str]:
    """Return the subprotocols a client offers, its first choice first."""
    header = request.headers.get("Sec-WebSocket-Protocol", "")
    return [each.strip() for each in header.split(",") if each.strip()]


def _first_choice(offered: list[str]) -> list[str]:
    """Return ``realtime`` if offered, else the first; browsers close without one."""
    return ["realtime"] if "realtime" in offered else offered[:1]
