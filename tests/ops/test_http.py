"""The HTTP server: what it answers, and why it does not start."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sipagent.errors import ConfigError
from sipagent.ops.http import OpsServer
from sipagent.ops.status import Readiness

READY = Readiness(True, (), 1, 4, 2, 50)


@asynccontextmanager
async def served(folder: Path, readiness: Readiness = READY) -> AsyncIterator[OpsServer]:
    server = OpsServer("127.0.0.1", 0, str(folder), lambda: readiness)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def got(server: OpsServer, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}") as response,
    ):
        yield response


async def test_it_is_alive(tmp_path: Path) -> None:
    async with served(tmp_path) as server, got(server, "/healthz") as response:
        assert (response.status, await response.text()) == (200, "alive\n")


@pytest.mark.parametrize(
    ("readiness", "status", "content"),
    [
        (
            READY,
            200,
            {
                "ready": True,
                "reasons": [],
                "calls_in_use": 1,
                "call_limit": 4,
                "attached_calls": 2,
                "attached_limit": 50,
                "plans": None,
            },
        ),
        (
            Readiness(False, ("draining", "no worker is ready")),
            503,
            {
                "ready": False,
                "reasons": ["draining", "no worker is ready"],
                "calls_in_use": 0,
                "call_limit": 0,
                "attached_calls": 0,
                "attached_limit": 0,
                "plans": None,
            },
        ),
    ],
)
async def test_it_tells_whether_a_call_would_be_taken(
    tmp_path: Path, readiness: Readiness, status: int, content: dict[str, object]
) -> None:
    async with served(tmp_path, readiness) as server, got(server, "/readyz") as response:
        assert response.status == status
        assert await response.json() == content


async def test_readiness_is_asked_anew_each_time(tmp_path: Path) -> None:
    answers = iter([Readiness(False, ("draining",)), READY])
    server = OpsServer("127.0.0.1", 0, str(tmp_path), lambda: next(answers))
    await server.start()
    try:
        for status in (503, 200):
            async with got(server, "/readyz") as response:
                assert response.status == status
    finally:
        await server.close()


async def test_without_workers_there_are_no_metrics(tmp_path: Path) -> None:
    async with served(tmp_path) as server, got(server, "/metrics") as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        assert "version" in response.headers["Content-Type"]
        assert await response.text() == ""


async def test_everything_else_is_not_found(tmp_path: Path) -> None:
    async with served(tmp_path) as server, got(server, "/metrics/../etc") as response:
        assert response.status == 404


async def test_a_busy_port_is_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = OpsServer("127.0.0.1", port, str(tmp_path), lambda: READY)
        with pytest.raises(ConfigError) as caught:
            await server.start()
    assert str(caught.value) == f"HTTP cannot listen on 127.0.0.1:{port}: Address already in use"
    await server.start()  # free again: the failed start left nothing behind
    await server.close()


@pytest.mark.parametrize("bind", ["192.0.2.1", "fe80::1%nosuch0", "a..b"])
async def test_an_address_that_is_not_ours_is_one_line_that_names_it(
    tmp_path: Path, bind: str
) -> None:
    server = OpsServer(bind, 0, str(tmp_path), lambda: READY)
    with pytest.raises(ConfigError) as caught:
        await server.start()
    start, _, reason = str(caught.value).partition(f"HTTP cannot listen on {bind}:0: ")
    assert start == ""
    assert len(reason) > 10
    assert "Unknown error" not in reason and "None" not in reason and "\n" not in reason


async def test_closing_frees_the_port_and_is_safe_twice(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        await server.close()
        with socket.socket() as again:
            again.bind(("127.0.0.1", server.port))
