"""A worker is kept running: whatever ends it, another takes its place, unless that is hopeless."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TypeAlias

import pytest

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.ops.channel import Closed, Message, Ready, Stop
from sipagent.supervisor import worker_process
from sipagent.supervisor.forks import fork_server
from sipagent.supervisor.worker_process import SILENCE_LIMIT_S, WorkerProcess
from tests.open_files import open_files

from . import mains
from .waiting import until

Main: TypeAlias = Callable[[Config, str, PlanSource, Connection], None]

PLANS = PlanSource(1, "", Path(), Path())


class Kept:
    """A worker that is kept running, and who ended."""

    def __init__(
        self,
        main: Main,
        silence_limit_s: float,
        config: Config,
    ) -> None:
        self.starts = 0
        self.ended: list[int] = []
        self.said: list[Message] = []
        self.worker = WorkerProcess(
            fork_server(),
            config,
            self._next_url,
            lambda: PLANS,
            self.ended.append,
            main=main,
            on_message=self.said.append,
            silence_limit_s=silence_limit_s,
        )
        self.task = asyncio.get_running_loop().create_task(self.worker.run(), name="worker")

    def _next_url(self) -> str:
        self.starts += 1
        return str(self.starts)

    async def pid(self) -> int:
        """Wait until one is ready; return who."""
        async with asyncio.timeout(30):
            await self.worker.until_ready()
        assert self.worker.ready is not None
        return self.worker.ready.sip_port

    async def until_ended(self, count: int) -> None:
        """Wait until ``count`` processes ended."""
        await until(lambda: len(self.ended) >= count)


@asynccontextmanager
async def kept(
    main: Main,
    *,
    silence_limit_s: float = SILENCE_LIMIT_S,
    config: Config | None = None,
) -> AsyncIterator[Kept]:
    """Keep a worker running until the end of the block, and leave none behind."""
    running = Kept(main, silence_limit_s, config or Config())
    try:
        yield running
    finally:
        running.worker.kill()
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
    for pid in running.ended:
        assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_worker_that_crashes_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    async with kept(mains.dies) as running:
        await running.until_ended(2)
    assert running.ended[0] != running.ended[1]
    assert [text for text in caplog.messages if "worker ended" in text] == [
        "! worker ended; starting again in 0.25 s",
        "! worker ended; starting again in 0.5 s",
    ]


async def test_who_ended_is_told_and_the_next_asks_for_its_url_anew() -> None:
    async with kept(mains.works) as running:
        first = await running.pid()
        assert is_alive(first) and running.ended == []
        assert running.worker.ready is not None and running.worker.ready.plans == 1
        running.worker.send(Stop())
        await running.until_ended(1)
        assert running.ended == [first]
        second = await running.pid()
        assert second != first
        assert running.worker.ready is not None and running.worker.ready.plans == 2


async def test_it_is_not_ready_between_two_processes() -> None:
    async with kept(mains.works) as running:
        await running.pid()
        running.worker.kill()
        async with asyncio.timeout(30):
            await running.worker.until_ended()
        await running.until_ended(1)
        assert running.worker.ready is None
        assert not running.task.done()


async def test_where_there_is_no_room_for_a_process_another_attempt_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(mains.works) as running:
        first = await running.pid()
        with monkeypatch.context() as patch:
            patch.setattr(ForkServerProcess, "start", _no_room)
            running.worker.kill()
            await until(lambda: running.worker.restarts == 2)
        assert await running.pid() != first


def _no_room(_: object) -> None:
    raise BlockingIOError(11, "no more processes")


async def test_a_worker_that_never_could_start_is_given_up() -> None:
    async with kept(mains.fails) as running:
        async with asyncio.timeout(30):
            await running.task
        assert running.worker.failure == "no 1 today"
        assert (running.starts, len(running.ended)) == (1, 1)
        assert running.worker.ready is None


async def test_a_worker_that_once_could_start_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with kept(mains.fails_second) as running:
        await running.until_ended(2)
        third = await running.pid()
        assert running.starts == 3
        assert third not in running.ended
        assert running.worker.failure == ""
    assert "worker no 2 today; starting again" in caplog.text


async def test_a_worker_that_says_nothing_is_killed_and_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with kept(mains.hangs, silence_limit_s=0.2) as running:
        first = await running.pid()
        async with asyncio.timeout(4):  # nobody waits first whether it ends by itself
            await running.until_ended(1)
        assert running.ended == [first]
        assert await running.pid() != first
    assert f"worker {first} says nothing; killed" in caplog.text


async def test_a_worker_that_never_gets_ready_is_killed_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_process, "START_LIMIT_S", 0.2)
    async with kept(mains.hangs_at_start) as running:
        await running.until_ended(2)


async def test_a_worker_may_take_longer_to_start_than_to_say_something() -> None:
    async with kept(mains.starts_slowly, silence_limit_s=mains.SLOW_START_S / 2) as running:
        await running.pid()
        assert running.ended == []


async def test_a_worker_that_says_something_lives() -> None:
    async with kept(mains.beats, silence_limit_s=1.5) as running:
        await running.pid()
        enough = 20  # more than the limit, at one each tenth of a second

        def calls() -> int:
            heartbeat = running.worker.heartbeat
            return heartbeat.calls_in_use if heartbeat is not None else 0

        await until(lambda: calls() >= enough or bool(running.ended))
        assert running.ended == []


async def test_nothing_stays_open_when_workers_come_and_go() -> None:
    async with kept(mains.dies) as running:
        await running.until_ended(1)
        await until(lambda: running.starts == 2)
        await running.until_ended(2)
        before = open_files()
        await running.until_ended(3)
        assert open_files() <= before


async def test_a_cancelled_supervisor_leaves_no_worker_behind(tmp_path: Path) -> None:
    config = Config.model_validate({"cdr": {"path": tmp_path / "note"}})
    async with kept(mains.works, config=config) as running:
        pid = await running.pid()
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        assert running.ended == [pid]
        assert not is_alive(pid)
    assert config.cdr.path.exists()  # it noticed, and was not killed


async def test_all_it_says_is_handed_on_and_its_end_too() -> None:
    async with kept(mains.works) as running:
        await running.pid()
        assert [type(each) for each in running.said] == [Ready]
        running.worker.kill()
        await running.until_ended(1)
        assert Closed() in running.said


async def test_the_end_of_one_that_was_killed_for_its_silence_is_handed_on() -> None:
    async with kept(mains.hangs, silence_limit_s=0.2) as running:
        await running.until_ended(1)
        assert Closed() in running.said


async def test_a_port_that_a_worker_chose_is_kept_by_the_next() -> None:
    config = Config.model_validate({"sip": {"port": 0}})
    async with kept(mains.listens, config=config) as running:
        assert await running.pid() == 7001
        running.worker.send(Stop())
        await running.until_ended(1)
        assert await running.pid() == 7001
        assert running.starts == 2


async def test_a_retired_worker_has_no_successor() -> None:
    async with kept(mains.works) as running:
        first = await running.pid()
        running.worker.retire()
        running.worker.send(Stop())
        async with asyncio.timeout(30):
            await running.task
        assert (running.starts, running.ended) == (1, [first])
