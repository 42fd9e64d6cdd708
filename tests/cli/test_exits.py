"""Exit status and last words: what goes wrong is one line, never a traceback."""

from __future__ import annotations

import os
import signal
import socket
from importlib.metadata import version
from pathlib import Path

import orjson
import pytest
from websockets.asyncio.client import connect

from .program import Ended, ended, program


def only_line(outcome: Ended) -> str:
    """Return the one line a program failed with."""
    assert outcome.status == 1
    assert outcome.output == []
    (line,) = outcome.errors
    assert line.startswith("sipagent: ")
    return line.removeprefix("sipagent: ")


async def test_the_version_is_told_and_that_is_all() -> None:
    assert await ended("--version") == Ended(0, [f"sipagent {version('sipagent')}"], [])


async def test_an_option_that_does_not_exist_is_not_a_failure_of_ours() -> None:
    status, output, errors = await ended("check", "--nosuch")
    assert (status, output) == (2, [])
    assert any("--nosuch" in line for line in errors)


@pytest.mark.parametrize(("text", "status"), [("", 0), ("[sip]\nprot = 1\n", 1)])
async def test_check_tells_scripts_by_its_exit_status(
    tmp_path: Path, text: str, status: int
) -> None:
    (tmp_path / "sipagent.toml").write_text(f"[dialplans]\npath = '{tmp_path}/plans'\n{text}")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "p.toml").write_text(
        "name = 'p'\n[[agents]]\nname = 'A'\ninstructions = 'x'\n"
    )
    outcome = await ended("check", cwd=tmp_path)
    assert outcome.status == status
    assert outcome.output[-1] == ("1 error, 0 warnings" if status else "0 errors, 0 warnings")
    assert outcome.errors == []


async def test_a_configuration_that_does_not_exist_is_one_line() -> None:
    assert only_line(await ended("serve", "-c", "none.toml")) == "none.toml: does not exist"


async def test_a_demo_without_the_example_plans_is_one_line(tmp_path: Path) -> None:
    text = only_line(await ended("demo", cwd=tmp_path))
    assert text == "the demo needs the example plans: no folder dialplans/ here"
    assert list(tmp_path.iterdir()) == []


async def test_an_engine_on_a_busy_port_is_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = await ended("engine", "--port", str(port), "--scripts", str(tmp_path))
    text = only_line(outcome)
    assert text == f"the engine cannot listen on 127.0.0.1:{port}: Address already in use"
    assert "address already in use" in text.lower()


async def test_an_engine_with_a_broken_script_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "x.script.toml").write_text("agents = 1\n")
    outcome = await ended("engine", "--port", "0", "--scripts", str(tmp_path))
    assert str(tmp_path / "x.script.toml") in only_line(outcome)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_engine_says_where_it_is_and_ends_when_told(tmp_path: Path, number: int) -> None:
    async with program("engine", "--port", "0", "--scripts", str(tmp_path)) as running:
        name, _, url = (await running.line()).partition(": ")
        assert (name, url.rpartition(":")[0]) == ("engine", "ws://127.0.0.1")
        async with connect(url) as session:
            assert orjson.loads(await session.recv())["type"] == "session.created"
        running.signal(number)
        outcome = await running.end()
    assert (outcome.status, outcome.output) == (0, [])
    assert outcome.errors[-1].endswith("= engine ended")


async def test_an_engine_tells_its_port_to_whoever_wants_to_know(tmp_path: Path) -> None:
    told_fd, tell_fd = os.pipe()
    arguments = ("--port", "0", "--scripts", str(tmp_path), "--log-level", "warning")
    with os.fdopen(told_fd) as told:
        async with program(
            "engine", *arguments, "--ready-fd", str(tell_fd), pass_fds=(tell_fd,)
        ) as running:
            os.close(tell_fd)
            port = int(told.read())
            async with connect(f"ws://127.0.0.1:{port}/v1/realtime"):
                running.signal(signal.SIGTERM)
            assert await running.end() == Ended(0, [], [])
