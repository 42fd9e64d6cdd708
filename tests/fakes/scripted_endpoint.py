"""A realtime endpoint that does what it is told: answers by a table, says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeAlias

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

Events: TypeAlias = list[dict[str, Any]]

CONFIGURED: dict[str, Any] = {"type": "session.updated", "session": {}}


class ScriptedEndpoint:
    """Serve one session at a time on loopback.

    Attributes:
        answers: What is said when an event of a type comes, by that type; or what makes it of the
            event.
        greeting: What is said when a session begins, before anything came.
        fault: What becomes of handshakes: ``refuse``, ``hang``, or ``""``.
        refusal: With what status they are refused.
        attempts: How many handshakes came, refused ones too.
        received: Every event that came, in order.
        requests: Every handshake that was accepted.
        connections: The same, oldest first.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Events | Callable[[dict[str, Any]], Events]] = {
            "session.update": [CONFIGURED]
        }
        self.greeting: Events = []
        self.fault = ""
        self.refusal = HTTPStatus.SERVICE_UNAVAILABLE
        self.attempts = 0
        self.received: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.connections: list[ServerConnection] = []
        self.port = 0
        self._changed = asyncio.Condition()
        self._is_over = asyncio.Event()

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

    async def has_received(self, event_type: str, count: int = 1) -> Events:
        """Wait until ``count`` events of a type came; return them."""
        await self.until(lambda: self.types().count(event_type) >= count)
        return [event for event in self.received if event["type"] == event_type]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; looked at when a handshake or an event came."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(holds)

    async def is_left(self, index: int = -1) -> int:
        """Wait until the client is gone; return its close code, 1006 if it said none."""
        connection = self.connections[index]
        async with asyncio.timeout(5):
            await connection.wait_closed()
        return connection.close_code or 1006

    async def admit(self, connection: ServerConnection, _: Request) -> Response | None:
        """Let in, or not."""
        async with self._changed:
            self.attempts += 1
            self._changed.notify_all()
        if self.fault == "hang":
            await self._is_over.wait()
        return connection.respond(self.refusal, "") if self.fault else None

    async def handle(self, connection: ServerConnection) -> None:
        """Note what comes, and answer it."""
        assert connection.request is not None
        self.requests.append(connection.request)
        self.connections.append(connection)
        for said in self.greeting:
            await connection.send(orjson.dumps(said).decode())
        async for message in connection:
            event = orjson.loads(message)
            async with self._changed:
                self.received.append(event)
                self._changed.notify_all()
            answer = self.answers.get(event["type"], [])
            for said in answer(event) if callable(answer) else answer:
                await connection.send(orjson.dumps(said).decode())

    def end(self) -> None:
        """Let go of whoever hangs."""
        self._is_over.set()

    def _open(self) -> ServerConnection:
        assert self.connections, "nobody has connected"
        return self.connections[-1]


@asynccontextmanager
async def scripted_endpoint() -> AsyncIterator[ScriptedEndpoint]:
    """Run one on a free port."""
    endpoint = ScriptedEndpoint()
    async with serve(
        endpoint.handle,
        "127.0.0.1",
        0,
        process_request=endpoint.admit,
        max_size=None,
        close_timeout=0.2,
    ) as server:
        endpoint.port = next(iter(server.sockets)).getsockname()[1]
        try:
            yield endpoint
        finally:
            endpoint.end()
