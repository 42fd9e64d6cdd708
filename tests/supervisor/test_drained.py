"""A process without calls that is to end does so when it is told, not at its next heartbeat."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sipagent.config import load_config
from sipagent.dialplan.versions import PlanSource
from sipagent.ops.channel import Drain
from sipagent.supervisor.forks import fork_server
from sipagent.supervisor.worker_process import WorkerProcess
from tests.appliance.appliance import write_files

from . import unhurried
from .test_worker_process import Main


@pytest.mark.parametrize("main", [unhurried.works, unhurried.attaches])
async def test_without_calls_it_ends_at_once(main: Main, tmp_path: Path) -> None:
    config = load_config(write_files(tmp_path, realtime_url="ws://127.0.0.1:9/x"))
    plans = PlanSource(1, "", tmp_path / "plans", tmp_path / "plans")
    worker = WorkerProcess(
        fork_server(),
        config,
        lambda: "ws://127.0.0.1:9/x",
        lambda: plans,
        lambda _: None,
        main=main,
        silence_limit_s=unhurried.HOUR_S,  # or it would be killed meanwhile
    )
    task = asyncio.get_running_loop().create_task(worker.run(), name="worker")
    try:
        await worker.until_ready()
        worker.retire()
        worker.send(Drain(30))
        await task
    finally:
        worker.kill()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert worker.failure == ""
