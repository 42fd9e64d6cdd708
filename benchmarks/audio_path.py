"""What the audio path costs and how long it takes: ``python -m benchmarks.audio_path``.

``sipagent serve`` runs as a process of its own. At both its ends stands this program: callers that
write SIP and RTP by hand, and a stand-in for the realtime endpoint. So everything is measured on
the wire, and nothing is asked of what is measured. Takes two minutes; the callers, the stand-in and
the worker share the machine, so a busy one shows worse figures than the worker's own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .appliance import Appliance, NotReady, serving
from .caller import calling
from .figures import Figure, Statistic, Target, table
from .marks import quiet
from .probes import Line, Measured
from .processes import cpu_s, rss_mb
from .standin import StandIn, standin
from .user_agent import CallRefused

COST_S = 8.0
"""How long CPU time is taken."""

MOST_CALLS = 4
"""What a worker holds with the published build of PJSIP."""

CODECS = ("PCMU", "PCMA", "G722")
"""As configured by default; calls are made with PCMU."""

BARGE_INS, CALLER_SPEECHES, TONE_S = 8, 2, 2.0
"""Of each call in a round."""

SESSION_LIMIT_S = 5.0
"""How long after its answer a call may be without a session."""

SETTLE_S = 0.5
"""After the last call came up, or everyone began to talk."""

FORGET_S = 1.0
"""Between rounds: the lines of the last one are free again."""

PHASE_S = 0.005
"""Between the callers' places in the 20 ms grid, so that all places are measured."""


@dataclass(slots=True)
class Cost:
    """What the worker costs, by number of calls."""

    cpu_percent: dict[int, float] = field(default_factory=dict)
    """Of one core."""
    rss_mb: dict[int, float] = field(default_factory=dict)


class Benchmark:
    """Rounds of calls against one appliance.

    Args:
        appliance: Ready for calls.
        endpoint: Where its sessions go.
        seconds: How long each round sends marks and answers.
    """

    def __init__(self, appliance: Appliance, endpoint: StandIn, seconds: float) -> None:
        self._appliance, self._endpoint, self._seconds = appliance, endpoint, seconds
        self.measured = Measured()
        self.cost = Cost()

    async def cost_of(self, calls: int) -> None:
        """Measure what the worker costs with ``calls`` on which both sides talk.

        Raises:
            CallRefused: If one is not answered.
        """
        async with self._lines(calls) as lines:
            await self._measure_cost(calls, lines)
        await asyncio.sleep(FORGET_S)

    async def round(self, calls: int, *, offset_s: float = 0.0) -> None:
        """Make ``calls`` at once and measure times and sound on each of them.

        Raises:
            CallRefused: If one is not answered.
        """
        async with self._lines(calls, offset_s=offset_s) as lines:
            await _together(
                *(line.inbound(self._seconds) for line in lines),
                *(line.outbound(self._seconds) for line in lines),
            )
            await _together(*(line.barge_in(BARGE_INS) for line in lines))
            await _together(*(line.caller_speech(CALLER_SPEECHES) for line in lines))
            await _together(*(line.purity(TONE_S) for line in lines))
        for line in lines:
            line.evaluate()
        await asyncio.sleep(FORGET_S)

    @asynccontextmanager
    async def _lines(self, calls: int, *, offset_s: float = 0.0) -> AsyncIterator[list[Line]]:
        lines: list[Line] = []
        async with AsyncExitStack() as hanging_up:
            for number in range(calls):
                phase_s = number * PHASE_S + offset_s
                call = calling(self._appliance.target, quiet, phase_s=phase_s)
                caller = await hanging_up.enter_async_context(call)
                async with asyncio.timeout(SESSION_LIMIT_S):
                    session = await self._endpoint.sessions.get()
                lines.append(Line(caller, session, self.measured))
            await asyncio.sleep(SETTLE_S)
            yield lines

    async def _measure_cost(self, calls: int, lines: Sequence[Line]) -> None:
        worker = self._appliance.worker
        busy = asyncio.gather(*(line.both_talk(COST_S + 1) for line in lines))
        await asyncio.sleep(SETTLE_S)
        before = cpu_s(worker)
        await asyncio.sleep(COST_S)
        spent_s = cpu_s(worker) - before
        self.cost.cpu_percent[calls] = 100 * spent_s / COST_S
        self.cost.rss_mb[calls] = rss_mb(worker)
        await busy


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for each in work:
            tasks.create_task(each, name="measurement")


def figures(measured: Measured, cost: Cost) -> list[Figure]:
    """Return the table's rows, with the budgets of the design."""
    p50, p99, p99_9, most = Statistic.P50, Statistic.P99, Statistic.P99_9, Statistic.MAX
    clean = (Target(Statistic.MIN, 35),)
    rows: list[tuple[str, str, Sequence[float], tuple[Target, ...]]] = [
        ("RTP in -> WebSocket out", "ms", measured.inbound, (Target(p50, 15), Target(p99, 35))),
        ("WebSocket in -> RTP out", "ms", measured.outbound, (Target(p50, 12), Target(p99, 30))),
        ("speech_started -> last voiced RTP", "ms", measured.barge_in, (Target(p99, 30),)),
        ("truncate off what RTP carried, by", "ms", measured.truncate_error, (Target(most, 20),)),
        ("caller loud -> last voiced RTP", "ms", measured.speech_to_silence, ()),
        ("RTP out off 20 ms spacing, by", "ms", measured.spacing_error, (Target(p99_9, 5),)),
        ("RTP in off 20 ms spacing, by", "ms", measured.own_spacing_error, ()),
        ("425 Hz tone in, SNR", "dB", measured.snr_in_db, clean),
        ("425 Hz tone out, SNR", "dB", measured.snr_out_db, clean),
    ]
    timed = [Figure(name, unit, MOST_CALLS, tuple(had), wanted) for name, unit, had, wanted in rows]
    return [*timed, *cost_figures(cost)]


def cost_figures(cost: Cost) -> list[Figure]:
    """Return what calls cost; in memory, the first one pays for what all share."""
    figures: list[Figure] = []
    for calls, percent in sorted(cost.cpu_percent.items()):
        figures.append(Figure("worker CPU", "% core", calls, (percent,)))
        if calls:
            per_call = (percent - cost.cpu_percent[0]) / calls
            wanted = (Target(Statistic.MAX, 0.4),)
            figures.append(
                Figure("worker CPU per call, over idle", "% core", calls, (per_call,), wanted)
            )
    none, few, many = sorted(cost.rss_mb)
    first = cost.rss_mb[few] - cost.rss_mb[none]
    further = (cost.rss_mb[many] - cost.rss_mb[few]) / (many - few)
    return [
        *figures,
        Figure("worker memory", "MB", none, (cost.rss_mb[none],)),
        Figure("memory of the first call", "MB", few, (first,)),
        Figure("memory per further call", "MB", many, (further,), (Target(Statistic.MAX, 5),)),
    ]


async def run(seconds: float, codecs: Sequence[str]) -> Counter[str]:
    """Run every round, print the table; return what went wrong, and how often."""
    with tempfile.TemporaryDirectory(prefix="sipagent-bench-") as folder:
        async with (
            standin() as endpoint,
            serving(endpoint.url, Path(folder), codecs=codecs) as appliance,
        ):
            benchmark = Benchmark(appliance, endpoint, seconds)
            for calls in (0, 1, MOST_CALLS):
                await benchmark.cost_of(calls)
            for offset_s in (0.0, PHASE_S / 2):
                await benchmark.round(MOST_CALLS, offset_s=offset_s)
    print(table(figures(benchmark.measured, benchmark.cost)))
    return Counter(benchmark.measured.failures)


def main() -> int:
    """Run from the command line; status 1 when something was lost or nothing could be measured."""
    parser = argparse.ArgumentParser(description="Measure the audio path of sipagent serve.")
    parser.add_argument(
        "--seconds", type=float, default=12.0, help="of marks and answers in each round"
    )
    parser.add_argument(
        "--codecs", nargs="+", default=CODECS, help="PCMU first; with G722 among them all resample"
    )
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load before the start {load:.2f}\n", flush=True)
    gc.disable()  # a collection here would look like a late packet of theirs
    try:
        failures = asyncio.run(run(options.seconds, options.codecs))
    except (NotReady, CallRefused, TimeoutError) as error:
        print("\n".join([f"sipagent serve: {error}", *getattr(error, "__notes__", [])]))
        return 1
    for failure, times in failures.items():
        print(f"! {times} times: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
