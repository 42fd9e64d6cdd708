"""An engine that is rung by the test, on the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from websockets.asyncio.client import connect

from sipagent.engine.calls import Calls
from sipagent.engine.server import run_engine
from sipagent.engine.settings import EngineSettings
from tests.loopback.client import LIMIT_S, Client, Json
from tests.loopback.conftest import NOW

from .leg import FakeLeg

ACCEPT: Json = {"type": "realtime", "model": "gpt-realtime", "prompt": {"id": "desk"}}


class Call:
    """One call that rings, or rang."""

    def __init__(self, board: Switchboard, realtime_call_id: str, leg: FakeLeg) -> None:
        self.board, self.realtime_call_id, self.leg = board, realtime_call_id, leg

    async def post(self, action: str, body: Any = None) -> tuple[int, Any]:
        """Ask for something; return status and object, or text, of the answer."""
        return await self.board.post(f"/calls/{self.realtime_call_id}/{action}", body)

    async def accept(self, **session: Any) -> None:
        """Accept it, and let the leg be answered."""
        assert await self.post("accept", {**ACCEPT, **session}) == (200, "")
        self.leg.connected()

    @asynccontextmanager
    async def control(self) -> AsyncIterator[Client]:
        """Control it; its ``session.created`` was read."""
        url = f"{self.board.url}?call_id={self.realtime_call_id}"
        async with connect(url, compression=None, max_queue=None) as socket:
            client = Client(socket)
            await client.until("session.created")
            yield client


class Switchboard:
    """A running engine."""

    def __init__(self, port: int, calls: Calls, web: ClientSession) -> None:
        self.url = f"ws://127.0.0.1:{port}/v1/realtime"
        self.http = f"http://127.0.0.1:{port}/v1"
        self.calls = calls
        self._web = web
        self._legs: list[FakeLeg] = []

    def ring(self, rate_hz: int = 8_000) -> Call:
        """Let somebody call."""
        leg = FakeLeg(rate_hz)
        self._legs.append(leg)
        return Call(self, self.calls.incoming(leg), leg)

    def quiet(self) -> None:
        """Let every caller hang up."""
        while self._legs:
            self._legs.pop().caller_gone()

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and object, or text, of the answer."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        sent = {} if body is None else sent
        async with self._web.post(f"{self.http}/realtime{path}", **sent) as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())


@asynccontextmanager
async def switchboard(folder: Path, **settings: Any) -> AsyncIterator[Switchboard]:
    """Run an engine with the scripts of a folder, whose telephone is the test."""
    connected: list[Calls] = []

    @asynccontextmanager
    async def connector(calls: Calls) -> AsyncIterator[None]:
        connected.append(calls)
        yield

    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    running = run_engine(
        EngineSettings(scripts_dir=folder, recognisers=1, **settings),
        clock=lambda: NOW,
        on_ready=ready.set_result,
        connector=connector,
    )
    engine = asyncio.get_running_loop().create_task(running, name="engine under test")
    try:
        async with ClientSession() as web:
            yield Switchboard(await ready, connected[0], web)
    finally:
        engine.cancel()
        await asyncio.wait([engine])
    assert engine.cancelled(), engine.exception()


async def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():
            await asyncio.sleep(0.005)
