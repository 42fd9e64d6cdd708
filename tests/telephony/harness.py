"""A SIP endpoint under test, and what it told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.events import Disconnected, Refused
from sipagent.sip.settings import SipSettings

T = TypeVar("T")

LOOK_AGAIN_S = 0.01


class Switchboard:
    """One endpoint, its incoming legs and its refusals."""

    def __init__(self, settings: SipSettings, *, follows_refer: bool = False) -> None:
        self.incoming: asyncio.Queue[SipCall] = asyncio.Queue()
        self.refusals: asyncio.Queue[Refused] = asyncio.Queue()
        self.endpoint = SipEndpoint(
            settings,
            on_incoming=self.incoming.put_nowait,
            on_refused=self.refusals.put_nowait,
            follows_refer=follows_refer,
        )

    async def answered(self) -> SipCall:
        """Answer the next call; return it once media flows."""
        leg = await self.incoming.get()
        leg.answer()
        await told(leg, "Confirmed")
        return leg


@asynccontextmanager
async def switchboard(
    *, follows_refer: bool = False, **settings: Any
) -> AsyncIterator[Switchboard]:
    """Start an endpoint on a free port; close it at the end."""
    defaults: dict[str, Any] = {"bind": "127.0.0.1", "port": 0, "rtp_ports": (42_000, 43_999)}
    board = Switchboard(SipSettings(**(defaults | settings)), follows_refer=follows_refer)
    await board.endpoint.start()
    try:
        yield board
    finally:
        await board.endpoint.close()


async def told(leg: SipCall, name: str) -> Any:
    """Wait for the next event of class ``name``; those before it are dropped.

    Raises:
        AssertionError: If the leg ends first.
    """
    while True:
        event = await leg.events.get()
        if type(event).__name__ == name:
            return event
        assert not isinstance(event, Disconnected), f"{event} before {name}"


async def until(predicate: Callable[[], bool]) -> None:
    """Wait until ``predicate`` holds."""

    async def holds() -> bool:
        return predicate()

    await becomes(holds, True)


async def becomes(value: Callable[[], Awaitable[T]], expected: T) -> None:
    """Wait until ``value`` returns ``expected``; what it was instead shows on a timeout."""
    seen = await value()
    while seen != expected:
        try:
            await asyncio.sleep(LOOK_AGAIN_S)
        except asyncio.CancelledError:
            print(f"still {seen}, not {expected}")
            raise
        seen = await value()


def resources() -> dict[str, int]:
    """Return this process's open files and threads, and its memory in KiB."""
    status = Path("/proc/self/status").read_text()
    rss = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return {
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a directory of live handles
        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208
        "rss_kib": int(rss.split()[1]),
    }
