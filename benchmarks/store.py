"""What the store of calls costs: the loop that tells it, and how much its thread writes.

    python -m benchmarks.store [--url postgresql+psycopg://…]

Calls tell facts at the pace of real ones, all of one process, while a timer on the same loop is
late or not. Then as many facts as there can be, to see how many the thread writes.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.clock import unix_time
from sipagent.ops.engines import make_engine
from sipagent.ops.store.migrating import migrate
from sipagent.ops.store.observer import StoreObserver
from sipagent.ops.store.owner import this_process
from sipagent.ops.store.tables import CALLS, TURNS
from sipagent.ops.store.writer import StoreWriter

SECONDS = 10.0
TURN_S = 4.0
"""Of a call: the caller says something, the agent answers."""

TICK_S = 0.02
FLOOD_CALLS = 200
SAID = "I would like to know when you open on Saturday, please, and whether I can park there."

END = facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP), 10_000)


def turn(number: int) -> list[facts.Fact]:
    """Return what is told of one question and its answer."""
    item = f"item_{number}"
    return [
        facts.CallerSpeechStarted(item),
        facts.CallerSpeechStopped(item),
        facts.CallerSaid(item, SAID),
        facts.ToolCalled(item, "opening_hours", '{"day":"Saturday"}', "9 to 5", False, 30),
        facts.AgentSoundStarted(f"{item}a", "Ada", 600),
        facts.UsageReported(900, 200),
        facts.AgentSaid(f"{item}a", "Ada", SAID, SAID, 4_000, False),
    ]


def begun(call_id: str) -> list[facts.Fact]:
    """Return what is told of the beginning of a call."""
    return [
        facts.CallOffered("incoming", call_id, "+4930111", "+4917012345", "192.0.2.1:5060"),
        facts.CallRouted("bench", "Ada"),
        facts.SessionOpened(80),
        facts.CallAnswered(120, "PCMU", "udp"),
    ]


async def paced(observer: StoreObserver, calls: int) -> tuple[Sequence[float], float]:
    """Return by how much each tick was late, and the CPU time that telling took."""
    loop = asyncio.get_running_loop()
    late_s: list[float] = []
    spent_s = 0.0

    def tell(call_id: str, told: Sequence[facts.Fact]) -> None:
        nonlocal spent_s
        began_s = time.thread_time()
        for fact in told:
            observer.tell(call_id, fact, at=loop.time())
        spent_s += time.thread_time() - began_s

    async def call(number: int) -> None:
        call_id = f"paced{calls}-{number}"
        await asyncio.sleep(number / calls * TURN_S)
        tell(call_id, begun(call_id))
        for each in range(round(SECONDS / TURN_S)):
            tell(call_id, turn(each))
            await asyncio.sleep(TURN_S)
        tell(call_id, [END])

    async def tick() -> None:
        due = loop.time()
        while loop.time() < began_at + SECONDS:
            due += TICK_S
            await asyncio.sleep(due - loop.time())
            late_s.append(max(0.0, loop.time() - due))

    began_at = loop.time()
    await asyncio.gather(tick(), *(call(number) for number in range(calls)))
    return late_s, spent_s


def flood(observer: StoreObserver) -> int:
    """Tell as much as there can be; return how many facts that was."""
    told = 0
    for number in range(FLOOD_CALLS):
        call_id = f"flood{number}"
        told_of_call = [*begun(call_id), *(each for i in range(10) for each in turn(i)), END]
        for fact in told_of_call:
            observer.tell(call_id, fact, at=0.0)
        told += len(told_of_call)
    return told


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="Default: an SQLite file of its own.")
    url = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/bench.db"
        engine = make_engine(url)
        migrate(engine, url)
        writer = StoreWriter(url, Path(folder) / "spool.jsonl")
        observer = StoreObserver(writer, this_process("bench"), {}, "gpt-realtime", unix_time)
        writer.start()
        print("| calls | loop late p50, p99, max | telling, per call | all of it, per call |")
        print("|---|---|---|---|")
        idle_s = 0.0
        for calls in (0, 4, 100):
            before_s = _cpu_s()
            late_s, spent_s = asyncio.run(paced(observer, calls))
            p50, p99, most = (1_000 * each for each in np.percentile(late_s, (50, 99, 100)))
            each_call = f"{100 * spent_s / SECONDS / calls:.4f} %" if calls else "-"
            used_s = _cpu_s() - before_s
            idle_s = idle_s or used_s  # the timer's own
            more = f"{100 * (used_s - idle_s) / SECONDS / calls:.3f} %" if calls else "-"
            late = f"{p50:.1f}, {p99:.1f}, {most:.1f} ms"
            print(f"| {calls} | {late} | {each_call} | {more} |")
        began_at, began_s = time.monotonic(), time.thread_time()
        told = flood(observer)
        telling_us = (time.thread_time() - began_s) / told * 1e6
        writer.close(limit_s=600)
        took_s = time.monotonic() - began_at
        with engine.connect() as connection:
            rows = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (CALLS, TURNS)
            ]
        print(f"\n{told} facts at once: {telling_us:.0f} us to tell, {told / took_s:.0f} a second")
        print(f"written: {rows[0]} calls, {rows[1]} turns")
        engine.dispose()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
