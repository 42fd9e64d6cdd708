"""Edits of the dialplans under four running calls: how soon they count, and what audio notices.

Run as ``python -m benchmarks.reload``. RTP of the calls is taken with one edit after the other, and
for as long without any; both on the wire.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from .appliance import Appliance, serving
from .caller import Caller, calling
from .figures import Figure, Statistic, Target, table
from .gaps import spacing_errors_ms
from .marks import PACKET_SAMPLES
from .rtp import PACKET_S
from .standin import standin

CALLS = 4
OTHER_PLANS = 20
LOOK_AGAIN_S = 0.005
PAUSE_S = 0.3
"""Between an edit that counts and the next."""

LIVE_LIMIT_MS = 1_000.0
SPACING_LIMIT_MS = 10.0
"""Away from 20 ms: a jitter buffer of two packets, the least there is, does not notice."""

PLAN = """\
name = "edited"

[match]
called = "{called}"

[session]
greeting = "Say that you are version {number}."

[[agents]]
name = "Ada"
instructions = "You are on the telephone: be brief."
tools = ["hangup", "hours"]
handoffs = ["Bob"]

[[agents]]
name = "Bob"
instructions = "You are on the telephone: be brief."
handoffs = ["Ada"]

[[tools]]
name = "hours"
python = "{called}.py:hours"
"""

TOOL = '''\
from dataclasses import dataclass


@dataclass
class Hours:
    day: str
    opens: int = 9


async def hours(day: str) -> str:
    """Tell when we are open.

    Args:
        day: Of the week.
    """
    return str(Hours(day))
'''


def write_plans(folder: Path) -> None:
    """Write a few more plans, each with a tool of its own."""
    for number in range(OTHER_PLANS):
        called = f"line{number}"
        text = PLAN.format(called=called, number=0).replace('"edited"', f'"{called}"')
        (folder / f"{called}.toml").write_text(text)
        (folder / f"{called}.py").write_text(TOOL)
    (folder / "edited.py").write_text(TOOL)


class Edits:
    """Edits one plan, and sees when it counts.

    Args:
        folder: Of the plans.
        http_port: Of the appliance.
    """

    def __init__(self, folder: Path, http_port: int) -> None:
        self._folder, self._number = folder, 0
        self._url = f"http://127.0.0.1:{http_port}/api/v1/plans"
        self._now = asyncio.get_running_loop().time
        self.live_ms: list[float] = []

    async def make(self, http: aiohttp.ClientSession) -> None:
        """Save an edit, and wait until it is in use."""
        version = await self._version(http)
        self._number += 1
        text = PLAN.format(called="edited", number=self._number)
        beside = self._folder / ".edited.new"
        beside.write_text(text)
        saved_at = self._now()
        beside.replace(self._folder / "edited.toml")
        while True:
            if await self._version(http) != version:
                break
            await asyncio.sleep(LOOK_AGAIN_S)  # another process: there is no event
        self.live_ms.append((self._now() - saved_at) * 1_000)

    async def _version(self, http: aiohttp.ClientSession) -> int:
        async with http.get(self._url) as response:
            return int(json.loads(await response.text())["version"])


def errors_ms(callers: list[Caller], since: float, until: float) -> tuple[float, ...]:
    """Return how far from 20 ms packets of all calls came."""
    heard = [caller.media.heard(since, until) for caller in callers]
    return tuple(error for packets in heard for error in spacing_errors_ms(packets))


def lost(callers: list[Caller], since: float, until: float) -> int:
    """Return how many packets did not come."""
    due = (until - since) / PACKET_S
    return sum(round(due - len(caller.media.heard(since, until))) for caller in callers)


async def measure(edits: int, appliance: Appliance, folder: Path) -> list[Figure]:
    """Return all figures."""
    now = asyncio.get_running_loop().time
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        quiet = bytes([0xFF]) * PACKET_SAMPLES
        callers = [
            await stack.enter_async_context(
                calling(appliance.target, lambda _: quiet, phase_s=PACKET_S * each / CALLS)
            )
            for each in range(CALLS)
        ]
        making = Edits(folder / "plans", appliance.http_port)
        await making.make(http)  # the first one loads what nobody has loaded before
        making.live_ms.clear()
        began = now()
        for _ in range(edits):
            await making.make(http)
            await asyncio.sleep(PAUSE_S)
        ended = now()
        await asyncio.sleep(ended - began)
        still = now()
        limits = (Target(Statistic.P99_9, SPACING_LIMIT_MS),)
        live = (Target(Statistic.MAX, LIVE_LIMIT_MS),)
        return [
            Figure("saved -> in use", "ms", CALLS, tuple(making.live_ms), live),
            Figure(
                "RTP out off 20 ms, edits", "ms", CALLS, errors_ms(callers, began, ended), limits
            ),
            Figure("RTP out off 20 ms, none", "ms", CALLS, errors_ms(callers, ended, still)),
            Figure("RTP out missing, edits", "", CALLS, (float(lost(callers, began, ended)),)),
        ]


async def run(edits: int) -> int:
    """Measure and print; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="sipagent-reload-") as name:
        folder = Path(name)
        (folder / "plans").mkdir()
        write_plans(folder / "plans")
        async with (
            standin() as endpoint,
            serving(endpoint.url, folder, codecs=["PCMU"]) as appliance,
        ):
            figures = await measure(edits, appliance, folder)
    sys.stdout.write(f"{OTHER_PLANS + 2} plans, {edits} edits\n{table(figures)}\n")
    return 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Measure edits of dialplans under calls.")
    parser.add_argument("--edits", type=int, default=20)
    return asyncio.run(run(parser.parse_args().edits))


if __name__ == "__main__":
    sys.exit(main())
