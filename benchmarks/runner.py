"""What a streamed run of a text agent costs: ``python -m benchmarks.runner``.

First one run after another, each with thousands of words that come as fast as they are read: CPU
time of this thread for each event, from the socket to who reads the run, without what its JSON
takes. Then many runs at once, each with 50 words a second: CPU time of this process, divided, and
how late a word is read. The model is another process. Takes 20 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time
from collections.abc import Sequence

import orjson
import uvloop

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.transports.provider import OpenAIProvider, Transport

from .figures import Figure, Statistic, Target, table
from .processes import cpu_s, rss_mb
from .text_model import chunk, delta, running_text_model

TRANSPORTS: dict[str, Transport] = {"HTTP": "http", "WebSocket": "websocket", "chat": "chat"}

WORDS, RUNS = 4_000, 25
"""Of what is timed; a sample is the mean of a run."""

EACH_AT_MOST_US = 15
"""What an event may cost beyond its JSON."""

AT_ONCE = (1, 40, 200)
TICK_S = 0.02
COST_S = 4.0
LATE_AT_MOST_MS = 20
"""A word that comes later than the next one is due was held up."""


class Incomplete(Exception):
    """A run did not tell every word: a figure would mean nothing."""


def json_us(transport: Transport) -> float:
    """Return what the JSON of one event takes."""
    word = delta(1)
    text = orjson.dumps(chunk(delta={"content": word["delta"]}) if transport == "chat" else word)
    began_ns = time.thread_time_ns()
    for _ in range(WORDS):
        orjson.loads(text)
    return (time.thread_time_ns() - began_ns) / WORDS / 1_000


async def run_us(runner: Runner, words: int) -> float:
    """Return what an event of one run costs in µs of this thread's time, JSON included.

    Raises:
        Incomplete: If words are missing.
    """
    began_ns = time.thread_time_ns()
    stream, told = runner.run(Agent("Desk"), f"{words} 0"), 0
    async for _ in stream.text():
        told += 1
    spent_ns = time.thread_time_ns() - began_ns
    if told != words:
        raise Incomplete(f"{told} words of {words}")
    return spent_ns / words / 1_000


async def event_figures(url: str, words: int, runs: int) -> list[Figure]:
    """Measure one run at a time.

    Raises:
        Incomplete: If words are missing.
    """
    rows = []
    for name, transport in TRANSPORTS.items():
        async with OpenAIProvider(base_url=url, transport=transport) as provider:
            runner = Runner(provider, model="m")
            await run_us(runner, words)
            parsing = json_us(transport)
            samples = tuple([await run_us(runner, words) - parsing for _ in range(runs)])
        budget = (Target(Statistic.P50, EACH_AT_MOST_US),)
        rows.append(Figure(f"event through a run, {name}", "us", 1, samples, budget))
    return rows


async def lateness_ms(runner: Runner, words: int, tick_s: float) -> list[float]:
    """Return how long after it was sent each word of a run was read.

    Raises:
        Incomplete: If words are missing.
    """
    stream = runner.run(Agent("Desk"), f"{words} {tick_s}")
    late_ms = [1_000 * (time.monotonic() - float(word)) async for word in stream.text()]
    if len(late_ms) != words:
        raise Incomplete(f"{len(late_ms)} words of {words}")
    return late_ms


async def concurrent_figures(url: str, counts: Sequence[int], seconds: float) -> list[Figure]:
    """Measure runs at once by their number, over HTTP: a WebSocket has one response at a time.

    Raises:
        Incomplete: If words are missing.
    """
    rows: list[Figure] = []
    words = round(seconds / TICK_S)
    idle_mb = rss_mb(os.getpid())
    for count in counts:
        async with OpenAIProvider(base_url=url, transport="http") as provider:
            runner = Runner(provider, model="m")
            before_s, began_at = cpu_s(os.getpid()), time.monotonic()
            runs = [lateness_ms(runner, words, TICK_S) for _ in range(count)]
            late_ms = [each for run in await asyncio.gather(*runs) for each in run]
            passed_s = time.monotonic() - began_at
            spent_s = cpu_s(os.getpid()) - before_s
            memory_mb = rss_mb(os.getpid())
        budget = (Target(Statistic.P99, LATE_AT_MOST_MS),)
        rows += [
            Figure("word read after it was sent", "ms", count, tuple(late_ms), budget),
            Figure("CPU per run", "% core", count, (100 * spent_s / passed_s / count,)),
            Figure("CPU per word", "us", count, (1e6 * spent_s / len(late_ms),)),
            Figure("memory per run", "MB", count, ((memory_mb - idle_mb) / count,)),
        ]
    return rows


async def run(counts: Sequence[int], seconds: float) -> None:
    """Measure everything and print the table.

    Raises:
        Incomplete: If words are missing.
    """
    async with running_text_model() as url:
        figures = await event_figures(url, WORDS, RUNS)
        print(table([*figures, *await concurrent_figures(url, counts, seconds)]))


def main() -> int:
    """Run from the command line; status 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(description="Measure streamed runs of text agents.")
    parser.add_argument("--seconds", type=float, default=COST_S, help="of each number of runs")
    parser.add_argument("--runs", type=int, nargs="+", default=AT_ONCE, help="at once")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before the start {os.getloadavg()[0]:.2f}\n", flush=True)
    gc.freeze()
    try:
        uvloop.run(run(options.runs, options.seconds))
    except Incomplete as incomplete:
        print(f"! {incomplete}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
