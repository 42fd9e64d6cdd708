"""Whoever gets the webhooks: an HTTP server on loopback, which checks them as anybody would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from openai import AsyncOpenAI
from openai.types.webhooks import RealtimeCallIncomingWebhookEvent

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes

    def unwrap(self) -> RealtimeCallIncomingWebhookEvent:
        """Verify and read it with the official client."""
        client = AsyncOpenAI(api_key="any", webhook_secret=SECRET)
        event = client.webhooks.unwrap(self.body, self.headers)
        assert isinstance(event, RealtimeCallIncomingWebhookEvent)
        return event


class Receiver:
    """Keeps what comes; answers with the statuses it was given, and then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.received: list[Received] = []
        self.url = ""
        self.on_received: Callable[[Received], Awaitable[None]] | None = None
        """Awaited before the answer."""
        self._statuses = list(statuses)
        self._arrived = asyncio.Event()

    def expect(self, *statuses: int) -> None:
        """Begin anew: nothing came yet, and ``statuses`` are the next answers."""
        self.received, self._statuses = [], list(statuses)

    async def until(self, count: int) -> list[Received]:
        """Wait until ``count`` requests came; return them all."""
        while len(self.received) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.received

    async def take(self, request: web.Request) -> web.Response:
        """Answer a request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.method, headers, await request.read())
        self.received.append(received)
        self._arrived.set()
        if self.on_received is not None:
            await self.on_received(received)
        status = self._statuses.pop(0) if self._statuses else 200
        location = {"Location": "/elsewhere"} if status in {302, 307} else {}
        return web.Response(status=status, headers=location)


@asynccontextmanager
async def receiver(*statuses: int) -> AsyncIterator[Receiver]:
    """Run one until the end of the block."""
    receiving = Receiver(*statuses)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiving.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiving.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/openai"
        yield receiving
    finally:
        await runner.cleanup()
