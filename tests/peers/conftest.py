"""The official SDKs, unmodified, against the engine."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from sipagent.engine.settings import EngineSettings
from tests.loopback.conftest import SCRIPT, running_engine

from .installing import HERE, PeerMissing, js_peer, python_peer
from .peer import START_LIMIT_S, Peer
from .recorder import Recorder, recording

MCP_SERVER = HERE / "python" / "mcp_server.py"
COMMANDS = {"js": js_peer, "python": python_peer}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of the one engine all peers share."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "desk.script.toml").write_text(SCRIPT)
    with running_engine(EngineSettings(scripts_dir=folder, recognisers=1)) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sorted(COMMANDS))
async def program(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    """Return an SDK, running, without a session."""
    name: str = request.param
    try:
        command = await asyncio.to_thread(COMMANDS[name])
    except PeerMissing as missing:
        pytest.skip(f"no {name} SDK: {missing}")
    peer = await Peer.start(name, command)
    yield peer
    await peer.end()


@pytest_asyncio.fixture(loop_scope="session")
async def wire(engine: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Recorder]:
    """Return what goes between the SDK and the engine; all of it is checked at the end."""
    async with recording(engine) as recorder:
        yield recorder
    assert recorder.wrong == []
    errors = [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not errors, [each.getMessage() for each in errors]


@pytest_asyncio.fixture(loop_scope="session")
async def peer(program: Peer, wire: Recorder) -> AsyncIterator[Peer]:
    """Return an SDK whose session, if the test begins one, ends with the test."""
    yield program
    await program.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mcp_url() -> AsyncIterator[str]:
    """Return the URL of an MCP server, made with the official SDK."""
    pytest.importorskip("mcp", reason="the engine calls MCP servers with the package mcp")
    try:
        python, _ = await asyncio.to_thread(python_peer)
    except PeerMissing as missing:
        pytest.skip(f"no MCP server: {missing}")
    process = await create_subprocess_exec(python, str(MCP_SERVER), stdout=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(START_LIMIT_S):
        port = int(await process.stdout.readline())
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    await process.wait()
