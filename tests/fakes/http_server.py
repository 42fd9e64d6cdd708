"""A real HTTP server for tools to ask, friendly or not; notes what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

DRIP_S = 0.05

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    """As it was sent, with its query."""
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class HttpServer:
    """What was asked, and what is answered by first segment of the path."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, Handler] = field(default_factory=dict)

    def answer(self, name: str, status: int = 200, **response: Any) -> None:
        """Have ``/name`` answered so."""

        async def handler(request: web.Request) -> web.StreamResponse:
            if "json" in response:
                return web.json_response(response["json"], status=status)
            return web.Response(status=status, **response)

        self.answers[name] = handler

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note a request and answer it."""
        body = (await request.read()).decode()
        self.asked.append(Asked(request.method, request.raw_path, dict(request.headers), body))
        handler = self.answers.get(request.path.split("/")[1])
        return web.Response(status=404) if handler is None else await handler(request)


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer without an end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b'{"a":1}' * 4_096)
    return response


async def slow_drip(request: web.Request) -> web.StreamResponse:
    """Answer byte by byte, and never to the end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(DRIP_S)
    return response


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Promise more than comes."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"half":')
    assert request.transport is not None
    request.transport.abort()
    return response


@asynccontextmanager
async def http_server() -> AsyncIterator[HttpServer]:
    """Run one on a free port of the loopback interface."""
    server = HttpServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
