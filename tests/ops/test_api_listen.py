"""Listening in to calls, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sipagent.operator_acts import DONE, ActAnswer
from sipagent.ops import api_listen, asking
from sipagent.ops.channel import Closed
from sipagent.ops.listen_messages import HeardAudio, ListenAnswered, ListenAsked, ListenEnded

from .served import CALLS, Served, served_api
from .told import ENDED, OFFERED, told

AUDIO = f"{CALLS}/c/audio"
PIECE = bytes(range(256)) * 12


def answers(running: Served, answer: ActAnswer) -> None:
    """Have the process with the call answer who wants to listen."""

    def on_sent() -> None:
        source, message = running.sent[-1]
        if isinstance(message, ListenAsked):
            running.api.heard(source, ListenAnswered(message.request_id, answer))

    running.on_sent = on_sent


def ids(running: Served, kind: type[ListenAsked] | type[ListenEnded]) -> list[str]:
    """Return the requests of which the process was told this."""
    return [each.request_id for _, each in running.sent if isinstance(each, kind)]


async def until_told(running: Served, count: int = 1) -> None:
    """Wait until the process is told that so many listen no more."""
    while len(ids(running, ListenEnded)) < count:
        await asyncio.sleep(0)


@asynccontextmanager
async def listening(running: Served) -> AsyncIterator[tuple[aiohttp.ClientResponse, str]]:
    """Listen to the call; the answer, and the id of the request."""
    url = f"http://127.0.0.1:{running.port}{AUDIO}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        yield response, ids(running, ListenAsked)[-1]


async def test_what_is_heard_is_streamed_until_the_call_ends(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (response, request_id):
            kind = response.headers["Content-Type"]
            assert kind == "audio/x-pcm;rate=8000;channels=2"
            assert response.headers["Cache-Control"] == "no-store"
            for _ in range(2):
                running.api.heard("w", HeardAudio(request_id, PIECE))
                assert await response.content.readexactly(len(PIECE)) == PIECE
            (entry,) = running.audited  # as it begins
            assert (entry["by"], entry["call_id"], entry["status"]) == ("local", "c", 200)
            running.api.heard("w", ListenEnded(request_id))
            assert await response.content.read() == b""
        await until_told(running)
        assert len(running.audited) == 1


async def test_a_reader_that_goes_is_told_to_the_process(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (response, request_id):
            response.close()
            while not ids(running, ListenEnded):
                running.api.heard("w", HeardAudio(request_id, PIECE))
                await asyncio.sleep(0)
        assert ids(running, ListenEnded) == [request_id]


async def test_a_reader_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (_, request_id):
            while not ids(running, ListenEnded):
                running.api.heard("w", HeardAudio(request_id, bytes(500_000)))
                await asyncio.sleep(0)


async def test_the_end_of_process_or_server_ends_it(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (response, _):
            running.api.heard("w", Closed())
            assert await response.content.read() == b""
        running.api.heard("w", told(OFFERED, call_id="c"))
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (response, _):
            await running.close()
            assert await response.content.read() == b""


async def test_only_so_many_may_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_listen, "MOST_READERS", 1)
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answers(running, DONE)
        async with listening(running) as (_, request_id):
            assert (await running.asks("GET", AUDIO))[0] == 503
            running.api.heard("w", ListenEnded(request_id))
        await until_told(running)
        async with listening(running):
            pass


async def test_why_a_call_cannot_be_heard_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_LIMIT_S", 0.05)
    async with served_api(tmp_path) as running:
        assert (await running.asks("GET", AUDIO))[0] == 404
        attached = replace(OFFERED, realtime_call_id="rtc_1")
        running.api.heard("attached", told(attached, call_id="a"))
        assert (await running.asks("GET", f"{CALLS}/a/audio"))[0] == 409
        assert running.sent == []
        running.api.heard("w", told(OFFERED))
        assert (await running.asks("GET", AUDIO))[0] == 503
        assert len(ids(running, ListenEnded)) == 1  # it may begin late
        answers(running, ActAnswer(409, "they do not talk yet"))
        status, content = await running.asks("GET", AUDIO)
        assert (status, content["error"]["message"]) == (409, "they do not talk yet")
        running.api.heard("w", told(ENDED))
        assert (await running.asks("GET", AUDIO))[0] == 409
        assert [entry["status"] for entry in running.audited] == [404, 409, 503, 409, 409]


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"Authorization": "Bearer s3cret-read"}, "s3cret"),
        ({"Sec-Fetch-Site": "cross-site"}, ""),
    ],
)
async def test_nobody_listens_who_may_only_look(
    tmp_path: Path, headers: dict[str, Any], token: str
) -> None:
    async with served_api(tmp_path, token=token) as running:
        running.api.heard("w", told(OFFERED))
        assert (await running.asks("GET", AUDIO, headers=headers))[0] == 403
        assert running.sent == []
