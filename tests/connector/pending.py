"""Calls that wait, without an engine: the test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sipagent.connector.connector import connector
from sipagent.connector.settings import ConnectorSettings
from sipagent.engine.leg import Leg, LegEnded, LegEvent
from sipagent.errors import EngineError
from tests.ports import rtp_ports

from .receiver import SECRET

NOW = 1_700_000_000


class Waiting:
    """One call."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.decided = asyncio.Event()
        self.abandoned: list[int] = []
        self.events: list[LegEvent] = []
        self.is_over = asyncio.Event()

    def answer(self) -> None:
        """Decide to take it."""
        self.decided.set()
        self.leg.answer()

    async def follow(self) -> None:
        """Read its events to the end."""
        while True:
            self.events.append(await self.leg.events.get())
            if isinstance(self.events[-1], LegEnded):
                self.decided.set()
                self.is_over.set()
                return


class Pending:
    """Takes as many calls as there are places."""

    def __init__(self, places: int = 64) -> None:
        self.calls: dict[str, Waiting] = {}
        self._places = places
        self._arrived: asyncio.Queue[Waiting] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def incoming(self, leg: Leg) -> str:
        """Take a call."""
        if len(self.calls) == self._places:
            raise EngineError("no session is free")
        realtime_call_id = f"rtc_{len(self.calls)}"
        waiting = self.calls[realtime_call_id] = Waiting(leg)
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(waiting.follow(), name="waiting"))
        self._arrived.put_nowait(waiting)
        return realtime_call_id

    async def decided(self, realtime_call_id: str) -> None:
        """Wait for it."""
        await self.calls[realtime_call_id].decided.wait()

    def abandon(self, realtime_call_id: str, status_code: int) -> None:
        """Refuse it."""
        waiting = self.calls[realtime_call_id]
        waiting.abandoned.append(status_code)
        waiting.leg.reject(status_code)

    async def next(self) -> Waiting:
        """Wait for a call."""
        return await self._arrived.get()

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Box:
    """The connector under test and its calls."""

    def __init__(self, calls: Pending) -> None:
        self.calls = calls
        self.sip_port = 0
        self.left_behind: list[str] = []
        """Tasks of calls that were there when it was left."""


@asynccontextmanager
async def answering(url: str, *, places: int = 64, **settings: Any) -> AsyncIterator[Box]:
    """Run a connector that tells ``url`` until the end of the block."""
    box = Box(Pending(places))
    ports: list[int] = []
    given = {"webhook_url": url, "webhook_secret": SECRET, "rtp_ports": rtp_ports("far end")}
    run = connector(
        ConnectorSettings.model_validate(given | settings),
        wall_clock=lambda: float(NOW),
        on_listening=ports.append,
    )
    async with run(box.calls):
        (box.sip_port,) = ports
        yield box
    names = (task.get_name() for task in asyncio.all_tasks())
    box.left_behind = [name for name in names if "rtc_" in name or name.startswith("leg ")]
    await box.calls.close()
