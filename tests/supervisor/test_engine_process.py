"""The engine is kept running, on the same port, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from websockets.asyncio.client import connect

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import EngineError
from sipagent.supervisor import engine_process
from sipagent.supervisor.engine_process import EngineProcess
from tests.open_files import open_files

from .waiting import until

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.supervisor.engine_process import EngineProcess

async def run():
    plans = PlanSource(1, "", Path(sys.argv[1]), Path(sys.argv[1]))
    engine = EngineProcess(Config(), lambda: plans)
    await engine.start()
    print(engine.port, flush=True)
    await engine.run()

asyncio.run(run())
"""


def engine_of(folder: Path) -> EngineProcess:
    """Return an engine without scripts: recognition has nothing to load."""
    return EngineProcess(Config(), lambda: PlanSource(1, "a" * 12, folder, folder))


def pid_of(engine: Any) -> int:
    pid: int = engine._process.pid
    return pid


async def takes_sessions(engine: EngineProcess) -> bool:
    async with connect(engine.url) as session:
        return bool(orjson.loads(await session.recv())["type"] == "session.created")


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[EngineProcess]:
    """Keep an engine running until the end of the block."""
    engine = engine_of(folder)
    await engine.start()
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    try:
        yield engine
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await engine.close()


async def test_it_takes_sessions_once_it_has_started(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    assert not engine.is_ready
    await engine.start()
    assert engine.is_ready and engine.port > 0
    assert await takes_sessions(engine)
    await engine.close()
    assert not engine.is_ready
    assert not is_listening(engine.port)
    await engine.close()


async def test_ctrl_c_on_a_terminal_is_not_for_it(tmp_path: Path) -> None:
    async with kept(tmp_path) as engine:
        assert os.getpgid(pid_of(engine)) == pid_of(engine) != os.getpgrp()


async def test_a_killed_engine_is_started_again_on_the_same_port(tmp_path: Path) -> None:
    async with kept(tmp_path) as engine:
        port, first = engine.port, pid_of(engine)
        os.kill(first, signal.SIGKILL)
        await until(lambda: not engine.is_ready)
        await until(lambda: engine.is_ready)
        assert pid_of(engine) != first
        assert engine.port == port
        assert await takes_sessions(engine)


async def test_an_engine_that_cannot_be_started_again_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with kept(tmp_path) as engine:
        with monkeypatch.context() as broken:
            broken.setattr(sys, "executable", str(tmp_path / "python"))
            os.kill(pid_of(engine), signal.SIGKILL)
            await until(lambda: "No such file or directory" in caplog.text)
            assert not engine.is_ready
        await until(lambda: engine.is_ready)
        assert await takes_sessions(engine)


async def test_an_engine_without_a_port_is_an_error_and_its_log_says_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = engine_of(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        engine.port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=r"^the embedded engine does not start$"):
            await engine.start()
        assert not engine.is_ready
    (line,) = [each for each in capfd.readouterr().err.splitlines() if "sipagent:" in each]
    assert f"127.0.0.1:{engine.port}" in line
    await engine.start()
    assert await takes_sessions(engine)
    await engine.close()


async def test_an_engine_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_process, "START_LIMIT_S", 0.01)
    engine: Any = engine_of(tmp_path)
    started = asyncio.get_running_loop().create_task(engine.start(), name="start")
    await until(lambda: engine._process is not None)
    pid = pid_of(engine)
    with pytest.raises(EngineError):
        await started
    assert not Path(f"/proc/{pid}").exists()


async def test_no_start_leaves_a_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.script.toml").write_text("agents = 1\n")
    engine = engine_of(tmp_path)

    async def fail() -> None:
        with pytest.raises(EngineError):
            await engine.start()

    await fail()  # what is opened once and for all is open now
    before = open_files()
    await fail()
    await until(lambda: open_files() <= before)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(FileNotFoundError):
        await engine.start()
    await until(lambda: open_files() <= before)


async def test_it_ends_with_its_supervisor_however_that_ends(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(tmp_path)), stdout=subprocess.PIPE
    )
    try:
        assert supervisor.stdout is not None
        port = int(await supervisor.stdout.readline())
        assert is_listening(port)
    finally:
        supervisor.kill()
        await supervisor.communicate()
    await until(lambda: not is_listening(port))


SCRIPT = """
[[agents]]
name = "Ada"
greeting = "{words}"
otherwise = ["What?"]
"""


async def said(engine: EngineProcess, version: str) -> str:
    """Return what the script ``desk`` of a version says first."""
    url = f"http://127.0.0.1:{engine.port}/v1/responses"
    asked = {"prompt": {"id": "desk", "version": version}}
    async with aiohttp.ClientSession() as session, session.post(url, json=asked) as response:
        text: str = (await response.json())["output"][0]["content"][0]["text"]
    return text


async def test_it_is_told_of_other_scripts_and_goes_on_with_those_before(tmp_path: Path) -> None:
    folders = {}
    for version, words in (("b" * 12, "One."), ("c" * 12, "Two.")):
        folders[version] = tmp_path / version
        folders[version].mkdir()
        (folders[version] / "desk.script.toml").write_text(SCRIPT.format(words=words))
    async with kept(tmp_path) as engine:
        assert await said(engine, "b" * 12) == "Hello."
        for number, (version, folder) in enumerate(folders.items(), start=2):
            assert not await engine.load(PlanSource(number, version, tmp_path, folder))
        assert await said(engine, "b" * 12) == "One."
        assert await said(engine, "c" * 12) == await said(engine, "d" * 12) == "Two."
        (tmp_path / "desk.script.toml").write_text("[[agents]]")
        problem = await engine.load(PlanSource(4, "e" * 12, tmp_path, tmp_path))
        assert "desk.script.toml" in problem
        assert await said(engine, "e" * 12) == "Two."
