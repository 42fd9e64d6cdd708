"""The appliance under test: ``sipagent serve`` as a process of its own."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from sipagent.ops.engines import make_engine
from sipagent.ops.store.migrating import migrate
from tests.ports import appliance_ports

ROOT = Path(__file__).parents[2]

LOOK_AGAIN_S = 0.02
SIGNAL_AGAIN_S = 0.5


PLAN = """
name = "test"
[match]
called = "{called}"
[session]
greeting = "Greet."
apology = "Sorry, please call later."
ready_within_s = {ready_within_s}
[fallback]
not_ready = "{when_not_ready}"
[[agents]]
name = "Agent"
instructions = "Be brief."
tools = ["hangup"]
"""


class Appliance:
    """A running appliance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sip_port = self.http_port = 0
        self.announcement = ""
        self.process: asyncio.subprocess.Process | None = None

    def records(self) -> list[dict[str, Any]]:
        """Return the call records written so far."""
        path = self.folder / "calls.jsonl"
        if not path.exists():
            return []
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]

    async def until_records(self, count: int) -> list[dict[str, Any]]:
        """Wait for ``count`` call records."""
        await self.until(lambda: len(self.records()), lambda written: written >= count)
        return self.records()

    async def until(self, look: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """Look again and again until it holds; the test's own limit ends it."""
        while not holds(seen := look()):  # another process: there is no event to wait for
            await asyncio.sleep(LOOK_AGAIN_S)
        return seen

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body of an HTTP request."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.http_port}{path}") as response,
        ):
            return response.status, await response.text()

    async def series(self, name: str) -> float:
        """Return the sum of a metric's samples whose line starts with ``name``."""
        _, text = await self.get("/metrics")
        return sum(
            float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name)
        )

    async def hang_up(self, calls: int) -> None:
        """Hang up, as somebody on duty, once there are just so many calls."""
        found: list[dict[str, Any]] = []
        while len(found) != calls:  # what has ended is known a moment later
            known = orjson.loads((await self.get("/api/v1/calls"))[1])["calls"]
            found = [each for each in known if each["state"] != "ended"]
        url = f"http://127.0.0.1:{self.http_port}/api/v1/calls"
        async with aiohttp.ClientSession() as session:
            for each in found:
                async with session.post(f"{url}/{each['call_id']}/hangup", json={}) as response:
                    assert response.status == 202, await response.text()

    def worker_pid(self) -> int:
        """Return the pid of the one worker."""
        pid = self._worker_pid()
        assert pid is not None, "no worker is running"
        return pid

    async def kill_worker(self) -> None:
        """Kill the worker, and wait until another one takes calls."""
        killed = self.worker_pid()
        os.kill(killed, signal.SIGKILL)
        await self.until(self._worker_pid, lambda pid: pid not in {None, killed})
        while (await self.get("/readyz"))[0] != 200:
            await asyncio.sleep(LOOK_AGAIN_S)

    def _worker_pid(self) -> int | None:
        """Return the pid of the child of the fork server; None: there is none now."""
        assert self.process is not None
        for pid in _descendants(self.process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                cmdline = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"forkserver" in cmdline and (workers := _children(pid)):
                    return workers[0]
        return None


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(each) for each in text.split()]


def _descendants(pid: int) -> list[int]:
    found = []
    for child in _children(pid):
        found += [child, *_descendants(child)]
    return found


@functools.cache
def _store() -> bytes:
    """Return a store without calls, as the second start of an appliance finds it.

    What makes its tables is loaded once, and not by each of a hundred appliances.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        engine = make_engine(f"sqlite:///{file}")
        migrate(engine, file.name)
        engine.dispose()
        return file.read_bytes()


def write_files(
    folder: Path,
    *,
    realtime_url: str,
    sip_port: int = 0,
    http_port: int = 0,
    ready_within_s: float = 3.0,
    when_not_ready: str = "apology",
    called: str = "agent",
    plan: str = PLAN,
) -> Path:
    """Write configuration and one plan, and an empty store; return the configuration file."""
    plans = folder / "plans"
    plans.mkdir(exist_ok=True)
    store = folder / "sipagent.db"
    if not store.exists():
        store.write_bytes(_store())
    (plans / "test.toml").write_text(
        plan.format(ready_within_s=ready_within_s, when_not_ready=when_not_ready, called=called)
    )
    config = folder / "sipagent.toml"
    first, last = appliance_ports()
    config.write_text(
        f"""
[sip]
bind = "127.0.0.1"
port = {sip_port}
rtp_ports = [{first}, {last}]
invites_per_source_per_s = 1000
[realtime]
url = "{realtime_url}"
[dialplans]
path = "plans"
[http]
port = {http_port}
[cdr]
path = "calls.jsonl"
timeline_path = "timeline.jsonl"
[log]
level = "info"
"""
    )
    return config


async def start(config: Path) -> asyncio.subprocess.Process:
    """Start ``sipagent serve``; its log goes beside the configuration."""
    with (config.parent / "log.txt").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sipagent", "serve", "-c", str(config)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


async def stopped(process: asyncio.subprocess.Process) -> int:
    """Have an appliance end at once; return its exit status.

    The second signal ends what calls there are. Two that come together are one.
    """
    while True:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)  # `send_signal` may take the exit status away
        try:
            async with asyncio.timeout(SIGNAL_AGAIN_S):
                return await process.wait()
        except TimeoutError:
            pass


@asynccontextmanager
async def appliance(
    folder: Path, *, config: Path | None = None, **settings: Any
) -> AsyncIterator[Appliance]:
    """Run an appliance until the end of the block; it must then end by itself, cleanly.

    Args:
        folder: Where its files are.
        config: None: one is written with ``settings``.
    """
    running = Appliance(folder)
    config = config or write_files(folder, **settings)
    process = running.process = await start(config)
    try:
        assert process.stdout is not None
        running.announcement = (await process.stdout.readline()).decode()
        assert running.announcement, (folder / "log.txt").read_text()
        running.sip_port = int(running.announcement.partition(" (")[0].rpartition(":")[2])
        running.http_port = int(running.announcement.rpartition(":")[2])
        yield running
        if process.returncode is None:
            assert await stopped(process) == 0, (folder / "log.txt").read_text()
        assert "left behind" not in (folder / "log.txt").read_text()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
