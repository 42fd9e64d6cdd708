"""A SIP endpoint under test, and what it told."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.events import Disconnected, Refused
from sipagent.sip.registration import TrunkState
from sipagent.sip.settings import SipSettings
from sipagent.sip.states import LegState
from tests.ports import rtp_ports

T = TypeVar("T")

LOOK_AGAIN_S = 0.01

LEFTOVERS_LIMIT_S = 3.0
"""How long a call that has ended may take to let go of everything."""


class Switchboard:
    """One endpoint, its incoming legs and its refusals."""

    def __init__(self, settings: SipSettings, *, follows_refer: bool = False) -> None:
        self.incoming: asyncio.Queue[SipCall] = asyncio.Queue()
        self.refusals: asyncio.Queue[Refused] = asyncio.Queue()
        self.trunks: asyncio.Queue[TrunkState] = asyncio.Queue()
        self.endpoint = SipEndpoint(
            settings,
            on_incoming=self.incoming.put_nowait,
            on_refused=self.refusals.put_nowait,
            on_trunk=self.trunks.put_nowait,
            follows_refer=follows_refer,
        )

    async def left_behind(self, idle: Mapping[str, int]) -> dict[str, int]:
        """Return what the endpoint holds more than when ``idle``, but for legs that are up."""
        up = [
            peer.leg for peer in self.endpoint._legs._peers if peer.leg.state is not LegState.ENDED
        ]
        talking = sum(leg.media is not None for leg in up)
        expected = Counter(idle)
        expected.update(legs=len(up), pj_calls=len(up), relayed=len(up))
        expected.update(media_ports=talking, conference_ports=talking)
        return dict(Counter(await self.endpoint.inventory()) - expected)

    async def trunk_is(self, state: str, *, name: str = "") -> TrunkState:
        """Wait until a trunk, or the one called ``name``, is told to be ``state``."""
        while True:
            told = await self.trunks.get()
            if told.state == state and name in {"", told.name}:
                return told

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
    """Start an endpoint on a free port; close it at the end.

    When the block ends, the endpoint must hold nothing but what belongs to legs that are still up,
    and after ``close`` the process what it held before.
    """
    defaults: dict[str, Any] = {
        "bind": "127.0.0.1",
        "port": 0,
        "rtp_ports": rtp_ports("switchboard"),
        "rtp_rest_s": 0.1,
    }
    board = Switchboard(SipSettings(**(defaults | settings)), follows_refer=follows_refer)
    process = process_holds()
    await board.endpoint.start()
    try:
        idle = await board.endpoint.inventory()
        yield board
        await nothing_left(lambda: board.left_behind(idle))
    finally:
        await board.endpoint.close()
    await nothing_left(lambda: left_in_process(process))


async def nothing_left(look: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """Wait until ``look`` finds nothing.

    Raises:
        AssertionError: If it still finds something; says what.
    """
    try:
        nothing: dict[str, Any] = {}
        async with asyncio.timeout(LEFTOVERS_LIMIT_S):
            await becomes(look, nothing)
    except TimeoutError:
        raise AssertionError(f"left behind: {await look()}") from None


def process_holds() -> dict[str, Counter[str]]:
    """Return the sockets, threads and tasks of this process, by name."""
    handles = Path("/proc/self/fd").iterdir()
    return {
        "sockets": Counter("socket" for handle in handles if handle.is_socket()),
        "threads": Counter(
            thread.name
            for thread in threading.enumerate()
            if not thread.name.startswith("asyncio_")  # of the executor, which keeps them
        ),
        "tasks": Counter(task.get_name() for task in asyncio.all_tasks()),
    }


async def left_in_process(before: Mapping[str, Counter[str]]) -> dict[str, Counter[str]]:
    """Return what this process holds that it did not hold ``before``."""
    left = {name: held - before[name] for name, held in process_holds().items()}
    return {name: held for name, held in left.items() if held}


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


async def gives_back(before: dict[str, int]) -> None:
    """Wait until there are no more open files and threads than ``before``.

    PJSIP closes sockets some time after the call, and threads of tests before may end meanwhile.
    """
    gc.collect()

    async def more() -> dict[str, int]:
        after = resources()
        return {kind: after[kind] for kind in ("files", "threads") if after[kind] > before[kind]}

    nothing: dict[str, int] = {}
    await becomes(more, nothing)


def resources() -> dict[str, int]:
    """Return this process's open files and threads, and its memory in KiB."""
    status = Path("/proc/self/status").read_text()
    rss = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return {
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a directory of live handles
        # Those of the executor are kept, and are as many as were ever busy at once.
        "threads": len(os.listdir("/proc/self/task"))  # noqa: PTH208
        - sum(each.name.startswith("asyncio_") for each in threading.enumerate()),
        "rss_kib": int(rss.split()[1]),
    }
