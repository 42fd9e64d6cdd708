"""An HTTP server that answers each request by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from multidict import CIMultiDict


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; a status of 0 breaks the connection off, of -1 says nothing at all.

    Attributes:
        is_endless: Whether the body is said again and again.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_endless: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    """Path and query as they came."""
    headers: CIMultiDict[str]
    body: bytes
    at: float


class ScriptedRest:
    """Serve on loopback.

    Attributes:
        script: What is answered, first of all first; the last one for ever.
        asked: Every request, in order.
    """

    def __init__(self) -> None:
        self.script: list[Answer] = [Answer()]
        self.asked: list[Asked] = []
        self.port = 0
        self._arrived = asyncio.Condition()
        self._is_over = asyncio.Event()

    @property
    def url(self) -> str:
        """The address of its WebSockets, if it had any."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    @property
    def targets(self) -> list[str]:
        """What was asked for."""
        return [each.target for each in self.asked]

    async def has_been_asked(self, count: int) -> None:
        """Wait for as many requests."""
        async with asyncio.timeout(5), self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= count)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Note a request, and answer it."""
        now = asyncio.get_running_loop().time()
        headers, body = CIMultiDict(request.headers), await request.read()
        async with self._arrived:
            self.asked.append(Asked(request.method, request.raw_path, headers, body, now))
            self._arrived.notify_all()
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer.status == -1:
            await self._is_over.wait()
        if answer.status <= 0:
            if request.transport is not None:  # it may have given up
                request.transport.abort()
            return web.Response()
        if answer.is_endless:
            await self._go_on(request, answer)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _go_on(self, request: web.BaseRequest, answer: Answer) -> None:
        """Talk until nobody listens."""
        response = web.StreamResponse(status=answer.status)
        await response.prepare(request)
        while True:
            await response.write(answer.body)

    def end(self) -> None:
        """Let go of whoever waits."""
        self._is_over.set()


@asynccontextmanager
async def scripted_rest() -> AsyncIterator[ScriptedRest]:
    """Run one on a free port."""
    far_end = ScriptedRest()
    runner = web.ServerRunner(web.Server(far_end.handle), shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    far_end.port = runner.addresses[0][1]
    try:
        yield far_end
    finally:
        far_end.end()
        await runner.cleanup()
