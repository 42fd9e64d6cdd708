"""Metrics of several processes as one page: what a dead worker counted stays, what it held goes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from sipagent.ops.http import OpsServer
from sipagent.ops.status import Readiness

CALL = '{plan="desk",reason="caller_hung_up",result="completed"}'

WORKER = """
import sys
from sipagent.ops.metrics import MetricsObserver
from tests.ops.script import CALL, tell_all
observer = MetricsObserver()
tell_all(observer, "over", CALL)
tell_all(observer, "going on", CALL[:-1])
print("told", flush=True)
sys.stdin.readline()
"""


@asynccontextmanager
async def worker(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process that has had a call and is in another, until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"told\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def page(folder: Path) -> dict[str, float]:
    """Return what is shown, by name and labels."""
    server = OpsServer("127.0.0.1", 0, str(folder), lambda: Readiness(True))
    await server.start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{server.port}/metrics") as response,
        ):
            assert response.status == 200
            text = await response.text()
    finally:
        await server.close()
    shown = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    assert len({name for name, _, _ in shown}) == len(shown)
    return {name: float(value) for name, _, value in shown}


async def test_workers_are_added_up(tmp_path: Path) -> None:
    async with worker(tmp_path), worker(tmp_path):
        shown = await page(tmp_path)
    assert shown[f"sipagent_calls_total{CALL}"] == 2
    assert shown["sipagent_calls_in_progress"] == 2
    assert shown['sipagent_turn_gap_seconds_count{agent="Billing",plan="desk"}'] == 4
    assert shown['sipagent_turn_gap_seconds_bucket{agent="Billing",le="0.8",plan="desk"}'] == 4
    assert not [name for name in shown if "pid=" in name]


async def test_a_dead_workers_calls_are_no_longer_in_progress_but_still_counted(
    tmp_path: Path,
) -> None:
    async with worker(tmp_path) as doomed, worker(tmp_path):
        doomed.kill()
        await doomed.wait()
        mark_process_dead(doomed.pid, str(tmp_path))  # type: ignore[no-untyped-call]
        shown = await page(tmp_path)
        assert shown["sipagent_calls_in_progress"] == 1
        assert shown[f"sipagent_calls_total{CALL}"] == 2
        assert shown['sipagent_tokens_total{direction="input",plan="desk"}'] == 4 * 77


async def test_a_replacement_goes_on_counting_where_the_dead_one_was(tmp_path: Path) -> None:
    for calls in (1, 2, 3):
        async with worker(tmp_path) as one:
            assert (await page(tmp_path))[f"sipagent_calls_total{CALL}"] == calls
        mark_process_dead(one.pid, str(tmp_path))  # type: ignore[no-untyped-call]
    assert "sipagent_calls_in_progress" not in await page(tmp_path)


@pytest.mark.parametrize("kind", ["counter", "histogram"])
async def test_figures_are_there_before_the_worker_ends(tmp_path: Path, kind: str) -> None:
    async with worker(tmp_path) as running:
        file = tmp_path / f"{kind}_{running.pid}.db"
        kept = list(MmapedDict.read_all_values_from_file(str(file)))  # type: ignore[no-untyped-call]
    assert any(value for _, value, *_ in kept)
