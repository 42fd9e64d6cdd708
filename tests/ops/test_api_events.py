"""The event stream: what there is, every change, an end that delays nobody."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sipagent.calls.facts import CallAnswered, CallerSaid, CallerSpeechStarted, CallRouted
from sipagent.ops import api_events, live_calls, live_feed
from sipagent.ops.channel import ApprovalClosed, Closed
from sipagent.ops.status import Readiness

from .served import EVENTS, Served, asked, served_api
from .told import ENDED, HOSTILE, OFFERED, told


class Stream:
    """A stream, read event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, Any]:
        """Return name and content of the next event; a comment has no name."""
        block = (await self.response.content.readuntil(b"\n\n")).decode().rstrip("\n")
        name, _, data = block.partition("\n")
        if name.startswith(":"):
            return "", name
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def named(self, name: str) -> Any:
        """Return the content of the next event of that name."""
        while True:
            found, content = await self.next()
            if found == name:
                return content


LONG = "x" * 100_000
ENOUGH = 200
"""Events of that length, for all buffers between."""


@asynccontextmanager
async def unread(running: Served) -> AsyncIterator[socket.socket]:
    """Ask for a stream and read no more than that there is one."""
    loop = asyncio.get_running_loop()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        await loop.sock_connect(slow, ("127.0.0.1", running.port))
        asks = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        await loop.sock_sendall(slow, asks.encode())
        assert await loop.sock_recv(slow, 15) == b"HTTP/1.1 200 OK"
        yield slow


@asynccontextmanager
async def streaming(running: Served, **options: Any) -> AsyncIterator[Stream]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{running.port}{EVENTS}", **options) as response,
    ):
        yield Stream(response)


async def test_it_begins_with_all_there_is(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked("a1"))
        running.api.heard("w", asked("a2"))
        running.api.heard("w", told(OFFERED))
        async with streaming(running) as stream:
            headers = stream.response.headers
            assert headers["Content-Type"] == "text/event-stream"
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            name, content = await stream.next()
            assert name == "approvals"
            assert [each["id"] for each in content["approvals"]] == ["a1", "a2"]
            name, content = await stream.next()
            assert (name, [each["call_id"] for each in content["calls"]]) == ("calls", ["c"])


async def test_every_change_is_told(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, streaming(running) as stream:
        assert (await stream.next()) == ("approvals", {"approvals": []})
        for approval_id in ("a1", "a2", "a3", "a4"):
            running.api.heard("w", asked(approval_id))
            shown = await stream.named("asked")
            assert (shown["id"], shown["tool"]) == (approval_id, "refund")
        await running.decides(approval_id="a1")
        await running.decides({"approve": False}, approval_id="a2")
        running.api.heard("w", ApprovalClosed("a3", is_decided=False))
        running.api.heard("w", Closed())
        endings = [await stream.named("closed") for _ in range(4)]
        assert [(each["id"], each["state"]) for each in endings] == [
            ("a1", "approved"),
            ("a2", "rejected"),
            ("a3", "withdrawn"),
            ("a4", "withdrawn"),
        ]


async def test_what_changes_on_calls_is_told_together_and_only_that(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, streaming(running) as stream:
        assert (await stream.named("calls")) == {"calls": []}
        running.api.heard("w", told(OFFERED, CallRouted("desk", "Agent")))
        first = await stream.named("call")
        assert (first["call_id"], first["state"], first["plan"]) == ("c", "ringing", "desk")
        running.api.heard("w", told(CallAnswered(400, "PCMU")))
        running.api.heard("w", told(CallerSpeechStarted("i1"), CallerSaid("i1", HOSTILE)))
        change = await stream.named("call")
        assert change.keys() == {
            *("call_id", "state", "answered_at", "codec", "floor", "transcript")
        }  # fmt: skip
        assert [turn["text"] for turn in change["transcript"]] == [HOSTILE]
        running.api.heard("w", told(ENDED))
        assert (await stream.named("call"))["state"] == "ended"


async def test_a_call_that_is_long_over_is_told_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "KEPT_S", 0.0)
    monkeypatch.setattr(live_calls, "KEPT_S", 0.0)
    async with served_api(tmp_path) as running, streaming(running) as stream:
        running.api.heard("w", told(OFFERED, ENDED))
        assert (await stream.named("call_gone")) == {"call_id": "c"}


async def test_the_state_of_the_box_is_told_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "LOOK_S", 0.01)
    async with served_api(tmp_path) as running, streaming(running) as stream:
        first = await stream.named("status")
        assert (first["ready"], first["calls_in_use"], first["call_limit"]) == (True, 1, 4)
        running.readiness = Readiness(False, ("draining",), 3, 4)
        second = await stream.named("status")
        assert (second["ready"], second["reasons"]) == (False, ["draining"])


async def test_a_silent_stream_says_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "LOOK_S", 0.01)
    monkeypatch.setattr(api_events, "HEARTBEAT_S", 0.02)
    async with served_api(tmp_path) as running, streaming(running) as stream:
        assert await stream.named("") == ": still here"


async def test_the_guard_is_that_of_the_api(tmp_path: Path) -> None:
    async with served_api(tmp_path, bind="0.0.0.0", token="s3cret") as running:
        async with streaming(running) as stream:
            assert stream.response.status == 401
        async with streaming(running, headers={"Authorization": "Bearer s3cret"}) as stream:
            assert stream.response.status == 200
    async with served_api(tmp_path, bind="0.0.0.0") as running, streaming(running) as stream:
        assert stream.response.status == 403


async def test_only_so_many_streams_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "MAX_READERS", 1)
    async with served_api(tmp_path) as running, streaming(running) as first:
        assert first.response.status == 200
        async with streaming(running) as second:
            assert second.response.status == 503


async def test_who_does_not_read_is_cut_off_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "MAX_WAITING", 5)
    monkeypatch.setattr(api_events, "MAX_READERS", 2)
    loop = asyncio.get_running_loop()
    async with (
        served_api(tmp_path) as running,
        streaming(running) as stream,
        unread(running) as slow,
    ):
        for index in range(ENOUGH):
            running.api.heard("w", asked(f"a{index}", arguments=LONG))
            assert (await stream.named("asked"))["id"] == f"a{index}"
        async with streaming(running) as another:
            assert another.response.status == 200  # in its place
        got = 0
        while chunk := await loop.sock_recv(slow, 65_536):
            got += len(chunk)
        assert got < ENOUGH * len(LONG)


async def test_closing_ends_streams_at_once(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with (
        served_api(tmp_path) as running,
        streaming(running) as stream,
        unread(running),
    ):
        for index in range(ENOUGH // 2):  # more than is read, less than is cut off
            running.api.heard("w", asked(f"a{index}", arguments=LONG))
            await stream.named("asked")
        began = loop.time()
        await running.close()
        assert loop.time() - began < 0.5  # the server would wait a second for a handler
        assert await stream.response.content.read() == b""
