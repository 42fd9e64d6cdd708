"""What attached calls cost: ``python -m benchmarks.attach [--calls N]``.

The engine runs in this process, with callers who are no telephones; the appliance is ``sipagent
serve``, and its process of attached calls is measured. Calls come at ten a second, each announced
by a signed webhook: accepted, attached and greeted. Then the appliance is killed and started again:
the calls live on at the engine. Takes a minute and a half with 300 calls.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from sipagent.ops.clock import unix_time

from .figures import Figure, Statistic, Target, table
from .processes import cpu_s, descendants, rss_mb
from .provider import SECRET, Provider, signed_webhook
from .quiet_leg import QuietLeg

ROOT = Path(__file__).parent.parent

CALLS_EACH_S = 10.0
IDLE_S = 10.0
SETTLE_S = 6.0
"""Until the last greeting was heard."""

START_LIMIT_S = 30.0
SIGNAL_AGAIN_S = 0.5
ACCEPT_AT_MOST_MS = 200.0
MEMORY_AT_MOST_KB = 500.0
AGAIN_AT_MOST_S = 5.0
LOOK_AGAIN_S = 0.02

CONFIG = """\
[sip]
bind = "127.0.0.1"
port = 0
[realtime]
url = "{url}"
scripts = true
[dialplans]
path = "plans"
[http]
port = {http_port}
[webhooks]
secrets = ["{secret}"]
max_per_second = 1000
[attach]
max_calls = {calls}
on_stop = "hang_up"
[log]
level = "warning"
"""

PLAN = """\
name = "bench"
[session]
greeting = "Greet."
script = "bench"
[[agents]]
name = "Bench"
instructions = "Say little."
tools = ["hangup"]
"""

SCRIPT = """\
[[agents]]
name = "Bench"
greeting = "Good morning."
otherwise = ["Yes."]
"""


class Caller:
    """Calls in, one webhook each."""

    def __init__(self, provider: Provider, http: aiohttp.ClientSession, url: str) -> None:
        self._provider, self._http, self._url = provider, http, url
        self.accept_ms: list[float] = []
        self.answer_ms: list[float] = []

    async def call(self, number: int) -> None:
        """Place one call and wait until it is decided."""
        leg = QuietLeg(number)
        realtime_call_id = self._provider.calls.incoming(leg)
        webhook = signed_webhook(leg, realtime_call_id, now=unix_time())
        started_at = time.perf_counter()
        async with self._http.post(self._url, data=webhook.body, headers=webhook.headers) as told:
            told.raise_for_status()
        self.answer_ms.append((time.perf_counter() - started_at) * 1000)
        async with asyncio.timeout(START_LIMIT_S):
            await self._provider.calls.decided(realtime_call_id)
        self.accept_ms.append((time.perf_counter() - started_at) * 1000)
        if leg.status_code:
            raise SystemExit(f"call {number} was rejected with {leg.status_code}")


@dataclass(frozen=True, slots=True)
class Serving:
    """A running appliance."""

    process: asyncio.subprocess.Process
    attacher: int
    """Process of the attached calls."""
    url: str
    """Of its HTTP server."""


@asynccontextmanager
async def serving(folder: Path, provider: Provider, calls: int) -> AsyncIterator[Serving]:
    """Run the appliance until the end of the block."""
    http_port = _free_port()
    config = folder / "bench.toml"
    url = f"ws://127.0.0.1:{provider.port}/v1/realtime"
    values = {"url": url, "http_port": http_port, "secret": SECRET, "calls": calls}
    config.write_text(CONFIG.format(**values))
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sipagent", "serve", "-c", str(config)),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_LIMIT_S):
            line = await process.stdout.readline()
        if not line:
            raise SystemExit(f"the appliance does not start: {log.read_text()[-2_000:]}")
        journal = folder / "sipagent.db"
        pids = [pid for pid in descendants(process.pid) if _has_open(pid, journal)]
        yield Serving(process, pids[-1], f"http://127.0.0.1:{http_port}")
    finally:
        ended = asyncio.get_running_loop().create_task(process.wait(), name="appliance end")
        while not ended.done():  # the second signal ends calls at once
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            await asyncio.wait([ended], timeout=SIGNAL_AGAIN_S)
        sys.stderr.write(log.read_text()[-2_000:])


async def measure(calls: int) -> list[Figure]:
    """Return the figures of so many calls."""
    provider = Provider()
    with tempfile.TemporaryDirectory(prefix="sipagent-attach-") as name:
        folder = Path(name)
        (folder / "plans").mkdir()
        (folder / "plans" / "bench.toml").write_text(PLAN)
        (folder / "plans" / "bench.script.toml").write_text(SCRIPT)
        async with (
            provider.run(folder / "plans", sessions=calls + 1),
            aiohttp.ClientSession() as http,
        ):
            async with serving(folder, provider, calls) as running:
                caller = Caller(provider, http, f"{running.url}/webhooks/openai")
                figures = await _measured(caller, running.attacher, calls)
                killed_at = time.perf_counter()
                running.process.kill()
            async with serving(folder, provider, calls) as running:
                await _until_attached(http, running.url, calls)
                again_s = time.perf_counter() - killed_at
    again = (Target(Statistic.MAX, AGAIN_AT_MOST_S),)
    return [*figures, Figure("killed -> all attached again", "s", calls, (again_s,), again)]


async def _until_attached(http: aiohttp.ClientSession, url: str, calls: int) -> None:
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            async with http.get(f"{url}/readyz") as answer:
                if (await answer.json())["attached_calls"] == calls:
                    return
            await asyncio.sleep(LOOK_AGAIN_S)


async def _measured(caller: Caller, pid: int, calls: int) -> list[Figure]:
    before_mb, before_s = rss_mb(pid), cpu_s(pid)
    async with asyncio.TaskGroup() as tasks:
        for number in range(calls):
            tasks.create_task(caller.call(number), name=f"call {number}")
            await asyncio.sleep(1 / CALLS_EACH_S)
    await asyncio.sleep(SETTLE_S)
    set_up_ms = (cpu_s(pid) - before_s) * 1000 / calls
    kb = (rss_mb(pid) - before_mb) * 1024 / calls
    idle_from_s = cpu_s(pid)
    await asyncio.sleep(IDLE_S)
    idle_percent = (cpu_s(pid) - idle_from_s) / IDLE_S * 100
    p99 = (Target(Statistic.P99, ACCEPT_AT_MOST_MS),)
    memory = (Target(Statistic.MAX, MEMORY_AT_MOST_KB),)
    return [
        Figure("webhook -> 200", "ms", calls, tuple(caller.answer_ms)),
        Figure("webhook -> accept", "ms", calls, tuple(caller.accept_ms), p99),
        Figure("CPU to accept, attach and greet, per call", "ms", calls, (set_up_ms,)),
        Figure("memory per call", "kB", calls, (kb,), memory),
        Figure("CPU of all calls while nobody speaks", "% of a core", calls, (idle_percent,)),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _has_open(pid: int, file: Path) -> bool:
    try:
        return any(link.readlink() == file for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=300)
    calls: int = parser.parse_args().calls
    sys.stdout.write(table(asyncio.run(measure(calls))) + "\n")


if __name__ == "__main__":
    main()
