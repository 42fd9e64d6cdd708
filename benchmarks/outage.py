"""PostgreSQL gone for a minute under four calls: what is lost, what waits, how soon it is made up.

Run as ``python -m benchmarks.outage [--seconds 60] [--freeze]``; needs PostgreSQL from Debian.
Callers call one after the other, an agent speaks to each. The server is ended at once, or with
``--freeze`` stopped in its tracks, so that its connections stay open and say nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
from websockets.exceptions import ConnectionClosed

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from sipagent.ops.engines import make_engine
from sipagent.ops.store.call_json import Json, record_of
from sipagent.ops.store.filters import CallFilter
from sipagent.ops.store.reading import read_all
from tests.ops.store.postgres import PostgresServer, programs

from .appliance import Appliance, serving
from .caller import calling
from .figures import Figure, table
from .gaps import spacing_errors_ms
from .marks import quiet
from .rtp import PACKET_S
from .standin import StandIn, StandInSession, standin

CALLS = 4
CALL_S = 12.0
BEFORE_S, AFTER_S = 15.0, 15.0
PAUSE_S = 0.5
"""Between two calls of one caller: the box takes no more than four at once."""

ANSWER_MS, ANSWER_EVERY_S = 1_500, 3.0
SAMPLE_S = 0.05


@dataclass(slots=True)
class Seen:
    """What was noted while it ran; times are monotonic seconds."""

    placed: int = 0
    refused: int = 0
    missing: int = 0
    """Packets of RTP that did not come."""
    spacing_ms: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """How far from 20 ms packets came, by whether the database was away."""
    largest_spool_bytes: int = 0
    was_told: bool = False
    """Whether ``sipagent_store_up`` was 0."""
    came_back_at: float | None = None
    caught_up_at: float | None = None


class Outage:
    """Takes the server away, and brings it back."""

    def __init__(self, server: PostgresServer, *, freezes: bool) -> None:
        self._server, self._freezes = server, freezes
        self.is_on = False

    def begin(self) -> None:
        """Take it away."""
        self.is_on = True
        if self._freezes:
            self._server.freeze()
        else:
            self._server.stop()

    def end(self) -> None:
        """Bring it back."""
        if self._freezes:
            self._server.thaw()
        else:
            self._server.start()
        self.is_on = False


async def speak(session: StandInSession) -> None:
    """Answer a caller who says something every few seconds, until the session ends."""
    audio = pcm_to_pcmu(tone(425, ANSWER_MS, 8_000))
    with suppress(ConnectionClosed):
        while True:
            await session.start_speech()
            await session.stop_speech()
            await session.say(audio)
            await asyncio.sleep(ANSWER_EVERY_S)


async def answer_all(endpoint: StandIn) -> None:
    """Have an agent speak on every call."""
    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(speak(await endpoint.sessions.get()), name="agent")


async def keep_calling(
    slot: int, appliance: Appliance, outage: Outage, seen: Seen, is_over: asyncio.Event
) -> None:
    """Make one call after the other."""
    now = asyncio.get_running_loop().time
    await asyncio.sleep(slot * CALL_S / CALLS)
    while not is_over.is_set():
        seen.placed += 1
        try:
            async with calling(appliance.target, quiet, phase_s=PACKET_S * slot / CALLS) as caller:
                await asyncio.sleep(0.5)
                since, was_on = now(), outage.is_on
                await asyncio.sleep(CALL_S)
                until = now()
                packets = caller.media.heard(since, until)
                seen.missing += max(0, round((until - since) / PACKET_S - len(packets)))
                seen.spacing_ms[was_on or outage.is_on] += spacing_errors_ms(packets)
        except Exception as error:  # whatever it was: it is a call that was lost
            seen.refused += 1
            sys.stderr.write(f"call {seen.placed}: {error!r}\n")
        await asyncio.sleep(PAUSE_S)


async def sample(folder: Path, appliance: Appliance, seen: Seen) -> None:
    """Look what waits, again and again."""
    now = asyncio.get_running_loop().time
    url = f"http://127.0.0.1:{appliance.http_port}/metrics"
    async with aiohttp.ClientSession() as http:
        while True:
            files = list((folder / "sipagent.spool").glob("*.jsonl"))
            waiting_bytes = sum(file.stat().st_size for file in files if file.exists())
            seen.largest_spool_bytes = max(seen.largest_spool_bytes, waiting_bytes)
            async with http.get(url) as response:
                lines = (await response.text()).splitlines()
            is_up = "sipagent_store_up 1.0" in lines
            seen.was_told |= not is_up
            is_back = seen.came_back_at is not None and seen.caught_up_at is None
            if is_back and is_up and not files:
                seen.caught_up_at = now()
            await asyncio.sleep(SAMPLE_S)


def lines_in(folder: Path) -> dict[str, Json]:
    """Return the records of the calls that are over, by call."""
    lines = (folder / "calls.jsonl").read_bytes().splitlines()
    return {record["call_id"]: record for record in map(orjson.loads, lines)}


def stored_in(url: str) -> dict[str, Json]:
    """Return the same from the database."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            calls = list(read_all(connection, CallFilter()))
    finally:
        engine.dispose()
    return {call["call_id"]: record_of(call) for call in calls if not call["is_open"]}


def differ(lines: dict[str, Json], stored: dict[str, Json]) -> int:
    """Return how many calls are not in the database as they are in their lines."""

    def essence(record: Json | None) -> Json | None:
        return None if record is None else {**record, "started_at": ""}

    return sum(essence(line) != essence(stored.get(each)) for each, line in lines.items())


async def measure(
    folder: Path, appliance: Appliance, endpoint: StandIn, outage: Outage, seconds: float
) -> Seen:
    """Run calls, and the outage among them."""
    now = asyncio.get_running_loop().time
    seen, is_over = Seen(), asyncio.Event()
    loop = asyncio.get_running_loop()
    beside = [
        loop.create_task(answer_all(endpoint), name="agents"),
        loop.create_task(sample(folder, appliance, seen), name="sampling"),
    ]
    async with asyncio.TaskGroup() as tasks:
        for slot in range(CALLS):
            work = keep_calling(slot, appliance, outage, seen, is_over)
            tasks.create_task(work, name=f"caller {slot}")
        await asyncio.sleep(BEFORE_S)
        await asyncio.to_thread(outage.begin)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(outage.end)
        seen.came_back_at = now()
        await asyncio.sleep(AFTER_S)
        is_over.set()
    await asyncio.sleep(1.0)  # what was told last is written within a fifth of it
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return seen


def shown(seen: Seen, lines: dict[str, Json], stored: dict[str, Json]) -> str:
    """Return what there is to say."""
    came_back_at, caught_up_at = seen.came_back_at, seen.caught_up_at
    took_s = None if came_back_at is None or caught_up_at is None else caught_up_at - came_back_at
    spacing = [
        Figure(f"RTP out off 20 ms, {name}", "ms", CALLS, tuple(seen.spacing_ms[is_on]))
        for is_on, name in ((False, "with the database"), (True, "without"))
    ]
    known: list[tuple[str, object]] = [
        ("calls placed, not answered or cut", (seen.placed, seen.refused)),
        ("RTP packets missing", seen.missing),
        (
            "lines, calls in the database, that differ",
            (len(lines), len(stored), differ(lines, stored)),
        ),
        ("turns in the lines", sum(len(line["turns"]) for line in lines.values())),
        ("the metric said so", seen.was_told),
        ("largest spool, bytes", seen.largest_spool_bytes),
        ("database back -> all written, s", None if took_s is None else round(took_s, 2)),
    ]
    return "\n".join([*(f"{name}: {value}" for name, value in known), table(spacing)])


async def run(seconds: float, *, freezes: bool) -> int:
    """Measure and print; return the exit status."""
    bin_dir = programs()
    if bin_dir is None:
        sys.stderr.write("there is no PostgreSQL server: scripts/setup.sh dev\n")
        return 1
    server = PostgresServer(bin_dir)
    remove: Callable[[], None] = server.remove
    try:
        await asyncio.to_thread(server.start)
        url = server.new_database()
        with tempfile.TemporaryDirectory(prefix="sipagent-outage-") as name:
            folder = Path(name)
            os.environ["SIPAGENT_STORE__URL"] = url
            async with (
                standin() as endpoint,
                serving(endpoint.url, folder, codecs=["PCMU"]) as appliance,
            ):
                outage = Outage(server, freezes=freezes)
                seen = await measure(folder, appliance, endpoint, outage, seconds)
            lines, stored = lines_in(folder), stored_in(url)
    finally:
        remove()
    sys.stdout.write(f"{seconds:g} s without PostgreSQL\n{shown(seen, lines, stored)}\n")
    return 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Take PostgreSQL away under calls.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--freeze", action="store_true")
    asked = parser.parse_args()
    return asyncio.run(run(asked.seconds, freezes=asked.freeze))


if __name__ == "__main__":
    sys.exit(main())
