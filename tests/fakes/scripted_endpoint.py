"""A realtime endpoint that does what it is told: answers by a table, says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

CONFIGURED: dict[str, Any] = {"type": "session.updated", "session": {}}


class ScriptedEndpoint:
    """Serve one session at a time on loopback.

    Attributes:
        answers: What is said when an event of a type comes, by that type.
        received: Every event that came, in order.
        requests: Every handshake that came.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[dict[str, Any]]] = {"session.update": [CONFIGURED]}
        self.received: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.port = 0
        self._connection: ServerConnection | None = None
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    def types(self) -> list[str]:
        """Return the types of what came, in order."""
        return [event["type"] for event in self.received]

    def kill(self) -> None:
        """Let the session die without a word."""
        self._open().transport.abort()

    async def leave(self, code: int, reason: str) -> None:
        """Close the session as the protocol wants it."""
        await self._open().close(code, reason)

    async def say(self, *events: dict[str, Any] | str) -> None:
        """Send ``events``; text as it is."""
        for event in events:
            message = event if isinstance(event, str) else orjson.dumps(event).decode()
            await self._open().send(message)

    async def has_received(self, event_type: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until ``count`` events of a type came; return them."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: self.types().count(event_type) >= count)
        return [event for event in self.received if event["type"] == event_type]

    async def is_left(self) -> int:
        """Wait until the client is gone; return its close code, 1006 if it said none."""
        connection = self._open()
        async with asyncio.timeout(5):
            await connection.wait_closed()
        return connection.close_code or 1006

    async def handle(self, connection: ServerConnection) -> None:
        """Note what comes, and answer it."""
        assert connection.request is not None
        self.requests.append(connection.request)
        self._connection = connection
        async for message in connection:
            event = orjson.loads(message)
            async with self._changed:
                self.received.append(event)
                self._changed.notify_all()
            await self.say(*self.answers.get(event["type"], ()))

    def _open(self) -> ServerConnection:
        assert self._connection is not None, "nobody has connected"
        return self._connection


@asynccontextmanager
async def scripted_endpoint() -> AsyncIterator[ScriptedEndpoint]:
    """Run one on a free port."""
    endpoint = ScriptedEndpoint()
    async with serve(endpoint.handle, "127.0.0.1", 0, max_size=None, close_timeout=0.2) as server:
        endpoint.port = next(iter(server.sockets)).getsockname()[1]
        yield endpoint
