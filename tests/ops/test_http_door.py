"""Connections that ask nothing, ask slowly, or read nothing, and what others see of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sipagent.ops import api_events, http_door, http_places
from sipagent.ops.api_tokens import Role

from .served import EVENTS, Served, served_api

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(running: Served, count: int = 1) -> AsyncIterator[list[Streams]]:
    """Open connections, and close them."""
    opened = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(count)]
    try:
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def status_of(running: Served, path: str) -> int:
    """Ask on a connection of one's own."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{running.port}{path}") as response,
    ):
        return response.status


async def is_ended(reader: asyncio.StreamReader) -> bool:
    """Wait for the end of a connection; whatever comes before it does not count."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    return True


async def test_connections_that_ask_nothing_give_way_to_those_who_do(tmp_path: Path) -> None:
    most = http_places.MOST_OF_ONE
    async with served_api(tmp_path) as running, connected(running, most + 5) as idle:
        for reader, _ in idle[:5]:
            assert await is_ended(reader)
        assert await status_of(running, "/healthz") == 200
        assert await is_ended(idle[5][0])
        assert not any(reader.at_eof() for reader, _ in idle[6:])


async def test_when_all_are_being_answered_the_state_of_the_box_is_still_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_places, "MOST_OF_ONE", 3)
    async with served_api(tmp_path) as running, connected(running, 3) as hogs:
        for reader, writer in hogs:
            writer.write(f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for path in ("/healthz", "/readyz", "/metrics"):
            assert await status_of(running, path) == 200
        assert await status_of(running, EVENTS) == 503
        assert await status_of(running, "/") == 503
        hogs[0][1].transport.abort()
        await asyncio.wait_for(until_served(running), 5)


async def until_served(running: Served) -> None:
    """Return when there is a place again."""
    while await status_of(running, "/") != 200:
        await asyncio.sleep(0.01)


async def test_a_request_that_comes_byte_by_byte_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_door, "FIRST_REQUEST_S", 0.2)
    async with served_api(tmp_path) as running, connected(running) as [(reader, writer)]:
        for each in b"GET / HTTP/1.1\r\nX: ":
            writer.write(bytes([each]))
        async with asyncio.timeout(5):
            assert await is_ended(reader)


async def test_the_second_request_is_not_waited_for_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sipagent.ops.http.NEXT_REQUEST_S", 0.2)
    async with served_api(tmp_path) as running, connected(running) as [(reader, writer)]:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nX: ")
        async with asyncio.timeout(5):
            assert await is_ended(reader)


async def test_an_answer_that_nobody_takes_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_door, "UNREAD_S", 0.2)
    loop = asyncio.get_running_loop()
    async with served_api(tmp_path) as running:
        with ExitStack() as opened:
            slow = opened.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            slow.setblocking(False)
            await loop.sock_connect(slow, ("127.0.0.1", running.port))
            asks = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(10):
                    while True:
                        await loop.sock_sendall(slow, asks)


async def test_one_token_cannot_have_all_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "MAX_READERS_OF_ONE", 2)
    async with (
        served_api(tmp_path, token="x" * 16) as running,
        connected(running, 4) as connections,
    ):
        ends = ["", "", "", f"-{Role.READ}"]
        found: list[bytes] = []
        for (reader, writer), end in zip(connections, ends, strict=True):
            token = f"Authorization: Bearer {'x' * 16}{end}"
            writer.write(f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n\r\n".encode())
            found.append((await reader.readline()).split()[1])
        assert found == [b"200", b"200", b"503", b"200"]
