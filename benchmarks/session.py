"""What a realtime session costs without telephony: ``python -m benchmarks.session``.

First one core alone, without socket and loop: CPU time of this thread for an audio delta that
comes, an append that goes, and all events of a spoken answer. Then many sessions at once against an
endpoint in another process, each with 50 deltas a second in and 50 appends a second out: CPU time
of this process, divided. Takes 45 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import uvloop

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.audio.formats import AudioFormat
from sipagent.realtime.core import SessionCore
from sipagent.realtime.events import AudioDelta
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import ClockPlayback
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.transport import Endpoint
from sipagent.wire.codec import encode_append

from .figures import Figure, Statistic, Target, table
from .metronome import (
    TICK_S,
    WHERE,
    audio_delta,
    event,
    message_item,
    opening,
    running_metronome,
    spoken_response,
)
from .processes import cpu_s, rss_mb

FORMATS = {"PCMU": AudioFormat.PCMU, "PCM 24 kHz": AudioFormat.PCM24}

FRAME_MS = 20
"""Of audio in each delta and each append."""

BATCH, BATCHES = 1_000, 100
"""Of what is timed; a sample is the mean of a batch."""

ANSWER_DELTAS = 150
"""Audio of one answer in the mix: 3 s."""

EACH_AT_MOST_US = 25
"""What an audio delta, or an append, may cost in Python."""

SESSIONS = (1, 40, 200)
COST_S = 5.0
SETTLE_S = 1.0
LOST_AT_MOST = 0.02
"""Share of the deltas or appends that may be missing at the end: they are on their way."""


class FellBehind(Exception):
    """The sessions, or their endpoint, could not keep up: a figure would mean nothing."""


def options_of(audio_format: AudioFormat) -> SessionOptions:
    """Return options of a session that has it both ways."""
    return SessionOptions(audio_format.to_wire(), audio_format.to_wire())


async def new_core(audio_format: AudioFormat) -> SessionCore:
    """Return a core whose session is configured and whose agent begins to speak."""
    agent = await resolve(RealtimeAgent("Desk"), None)
    core = SessionCore(agent, options_of(audio_format), ClockPlayback())
    core.open()
    for each in (event("session.created", session={}), event("session.updated", session={})):
        core.receive(json.dumps(each), now=0.0)
    for each in opening():
        core.receive(json.dumps(each), now=0.0)
    drain(core)
    return core


def drain(core: SessionCore) -> int:
    """Take what a core has to say, as its driver does; return how many events."""
    told = core.out.take_events()
    core.out.take_messages()
    core.out.take_work()
    return len(told)


def timed_us(work: Callable[[], object], batches: int = BATCHES) -> list[float]:
    """Return what ``work`` costs in µs of this thread's time, by batches."""
    samples = []
    work()
    for _ in range(batches):
        began_ns = time.thread_time_ns()
        for _ in range(BATCH):
            work()
        samples.append((time.thread_time_ns() - began_ns) / BATCH / 1_000)
    return samples


def answer() -> list[str]:
    """Return the messages of one spoken answer."""
    ids = {"response_id": "resp_1", "output_index": 0}
    text = "so it is " * 5
    part = {"type": "audio", "transcript": text}
    item = message_item("completed", [{"type": "output_audio", "transcript": text}])
    usage = {"total_tokens": 9, "input_tokens": 4, "output_tokens": 5}
    response = spoken_response("completed", [item], usage)
    words = [event("response.output_audio_transcript.delta", **WHERE, delta="so ")] * 15
    ending = [
        event("response.output_audio.done", **WHERE),
        event("response.output_audio_transcript.done", **WHERE, transcript=text),
        event("response.content_part.done", **WHERE, part=part),
        event("conversation.item.done", item=item, previous_item_id=None),
        event("response.output_item.done", **ids, item=item),
        event("response.done", response=response),
    ]
    deltas = [audio_delta(160)] * ANSWER_DELTAS
    return [json.dumps(each) for each in [*opening(), *words, *deltas, *ending]]


async def core_figures() -> list[Figure]:
    """Measure one core."""
    budget = (Target(Statistic.P50, EACH_AT_MOST_US),)
    rows: list[Figure] = []
    for name, audio_format in FORMATS.items():
        core, frame = await new_core(audio_format), bytes(FRAME_MS * audio_format.bytes_per_ms)
        message = json.dumps(audio_delta(len(frame)))

        def delta(core: SessionCore = core, message: str = message) -> None:
            core.receive(message, now=0.0)
            drain(core)

        def append(frame: bytes = frame) -> None:
            encode_append(frame)

        rows += [
            Figure(f"audio delta in, {name}", "us", 1, tuple(timed_us(delta)), budget),
            Figure(f"append out, {name}", "us", 1, tuple(timed_us(append)), budget),
        ]
    return [*rows, Figure("events through one core", "1/s", 1, tuple(await event_rates()))]


async def event_rates() -> list[float]:
    """Return how many events of spoken answers a core takes in a second of this thread."""
    messages, rates = answer(), []
    core = await new_core(AudioFormat.PCMU)
    for _ in range(BATCHES):
        began_ns = time.thread_time_ns()
        for message in messages:
            core.receive(message, now=0.0)
            drain(core)
        rates.append(len(messages) / ((time.thread_time_ns() - began_ns) / 1e9))
    return rates[1:]  # the first one is slower: everything is met for the first time


class Sessions:
    """Sessions of one process that all hear and are heard.

    Args:
        url: Of the endpoint.
        audio_format: Of both directions.
        tick_s: Between appends, and between the deltas that must come.
    """

    def __init__(self, url: str, audio_format: AudioFormat, tick_s: float = TICK_S) -> None:
        self._url, self._options, self._tick_s = url, options_of(audio_format), tick_s
        self._frame = bytes(FRAME_MS * audio_format.bytes_per_ms)
        self.received = self.sent = 0

    async def cost(self, count: int, seconds: float) -> tuple[float, float]:
        """Return what ``count`` sessions cost: percent of a core, and memory in MB.

        Raises:
            FellBehind: If audio was lost on the way.
        """
        async with AsyncExitStack() as closing, asyncio.TaskGroup() as tasks:
            sessions = [await self._open(closing) for _ in range(count)]
            running = [tasks.create_task(self._hear(each), name="hears") for each in sessions]
            running.append(tasks.create_task(self._speak(sessions), name="speaks"))
            await asyncio.sleep(SETTLE_S)
            before_s, began_at = cpu_s(os.getpid()), time.monotonic()
            received, sent = self.received, self.sent
            await asyncio.sleep(seconds)
            passed_s = time.monotonic() - began_at
            spent_s = cpu_s(os.getpid()) - before_s
            came, went = self.received - received, self.sent - sent
            memory_mb = rss_mb(os.getpid())
            for task in running:
                task.cancel()
        expected = count * passed_s / self._tick_s
        if min(came, went) < expected * (1 - LOST_AT_MOST):
            said = f"{came} deltas and {went} appends of {expected:.0f}"
            raise FellBehind(f"{count} sessions: {said}")
        return 100 * spent_s / passed_s, memory_mb

    async def append_us(self) -> list[float]:
        """Return what an append costs in µs of this thread's time, by batches, with its socket."""
        samples = []
        async with AsyncExitStack() as closing:
            session = await self._open(closing)
            for _ in range(BATCHES // 10):
                began_ns = time.thread_time_ns()
                for _ in range(BATCH):
                    await session.append_audio(self._frame)
                samples.append((time.thread_time_ns() - began_ns) / BATCH / 1_000)
        return samples

    async def _open(self, closing: AsyncExitStack) -> RealtimeSession:
        session = RealtimeSession(RealtimeAgent("Desk"), self._options)
        await session.connect(Endpoint(self._url, "any"))
        closing.push_async_callback(session.close)
        return session

    async def _hear(self, session: RealtimeSession) -> None:
        async for each in session.events():
            self.received += isinstance(each, AudioDelta)

    async def _speak(self, sessions: Sequence[RealtimeSession]) -> None:
        now = asyncio.get_running_loop().time
        due_at = now()
        while True:
            for session in sessions:
                await session.append_audio(self._frame)
                self.sent += 1
            due_at += self._tick_s
            await asyncio.sleep(max(0.0, due_at - now()))


async def session_figures(counts: Sequence[int], seconds: float) -> list[Figure]:
    """Measure sessions by their number and their format.

    Raises:
        FellBehind: If audio was lost on the way.
    """
    rows: list[Figure] = []
    async with running_metronome() as url:
        for name, audio_format in FORMATS.items():
            sessions = Sessions(url, audio_format)
            through = tuple(await sessions.append_us())
            rows.append(Figure(f"append through its socket, {name}", "us", 1, through))
            idle, idle_mb = await sessions.cost(0, 1.0)
            for count in counts:
                percent, memory_mb = await sessions.cost(count, seconds)
                each, each_mb = (percent - idle) / count, (memory_mb - idle_mb) / count
                rows += [
                    Figure(f"CPU per session, {name}", "% core", count, (each,)),
                    Figure(f"memory per session, {name}", "MB", count, (each_mb,)),
                ]
            rows.append(Figure(f"sessions per core, {name}", "", counts[-1], (100 / each,)))
    return rows


async def run(counts: Sequence[int], seconds: float) -> None:
    """Measure everything and print the table.

    Raises:
        FellBehind: If audio was lost on the way.
    """
    figures = await core_figures()
    print(table([*figures, *await session_figures(counts, seconds)]))


def main() -> int:
    """Run from the command line; status 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(description="Measure realtime sessions without telephony.")
    parser.add_argument("--seconds", type=float, default=COST_S, help="of each number of sessions")
    parser.add_argument("--sessions", type=int, nargs="+", default=SESSIONS, help="at once")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before the start {os.getloadavg()[0]:.2f}\n", flush=True)
    gc.freeze()
    try:
        uvloop.run(run(options.sessions, options.seconds))
    except FellBehind as behind:
        print(f"! {behind}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
