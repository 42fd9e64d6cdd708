"""Calls that are over, over HTTP: as flat as those that last, with record, recording, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sipagent.ops.api_past import MOST
from sipagent.ops.api_routes import V1
from sipagent.ops.store.filters import CallFilter
from sipagent.ops.store.queries import CallQueries

from .script import CALL
from .served import CALLS, Served, served_api
from .store.stores import BEGAN_MS, made, rows_of, write
from .told import ENDED, OFFERED, told


async def stored(folder: Path, running: Served) -> dict[str, Any]:
    """Have the store know a call as it is written, and return it."""
    url = f"sqlite:///{folder}/store.db"
    with made(url) as engine:
        write(engine, *rows_of("c1", CALL))
    queries = CallQueries(url)
    await queries.open()
    call = await queries.call("c1")
    await queries.close()
    assert call is not None
    running.store.calls["c1"] = call
    return call


async def test_a_call_of_the_store_is_shown_like_one_that_lasts(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call = await stored(tmp_path, running)
        status, shown = await running.asks("GET", f"{CALLS}/c1")
        assert (status, shown["state"], shown["reason"]) == (200, "ended", "caller_hung_up")
        assert (shown["caller"], shown["plan"], shown["input_tokens"]) == (
            "+4930123456",
            "desk",
            77,
        )
        assert (shown["loss_in_percent"], shown["codec"], shown["callee"]["kind"]) == (
            1.96,
            "PCMU",
            "machine",
        )
        turns = [(turn["seq"], turn["who"], turn["text"]) for turn in shown["transcript"]]
        assert turns == [
            (1, "agent", "Good morning."),
            (2, "caller", "My number is +4930123456."),
            (3, "agent", "one two three"),
        ]
        assert shown["transcript"][0]["at"].startswith("2030-03-17T")
        assert shown["record"] == call


async def test_past_calls_are_listed_as_they_are_asked_for(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        await stored(tmp_path, running)
        asked = "state=past&plan=desk&q=caf%C3%A9&number=49&from=2030-01-01&to=2030-01-02T00:00:00Z"
        status, content = await running.asks("GET", f"{CALLS}?{asked}&limit=7&cursor=9.x")
        assert (status, content["next"]) == (200, "5.c")
        assert [call["call_id"] for call in content["calls"]] == ["c1"]
        since_ms = 1_893_456_000_000
        wanted = CallFilter(
            plan="desk",
            text="café",
            number="49",
            since_ms=since_ms,
            until_ms=since_ms + 86_400_000,
        )
        assert running.store.wanted == [(wanted, "9.x", 7)]
        assert since_ms < BEGAN_MS


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("state=both", "state: "),
        ("state=past&from=yesterday", "from: must be a time"),
        ("state=past&to=9999-99-99", "to: must be a time"),
        ("state=past&limit=0", "limit: "),
        (f"state=past&limit={MOST + 1}", "limit: "),
        ("state=past&limit=%C2%B2", "limit: "),
        ("state=past&cursor=x", "this is no place"),
        ("state=past&plan=%00", "plan: "),
        ("state=past&q=" + "x" * 201, "q: "),
    ],
)
async def test_what_cannot_be_read_is_400(tmp_path: Path, query: str, why: str) -> None:
    async with served_api(tmp_path) as running:
        status, content = await running.asks("GET", f"{CALLS}?{query}")
        assert (status, content["error"]["message"][: len(why)]) == (400, why)


async def test_the_end_of_a_call_brings_its_record(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call = await stored(tmp_path, running)
        running.api.heard("w", told(OFFERED, call_id="c1"))
        assert (await running.asks("GET", f"{CALLS}/c1"))[1]["record"] is None
        running.api.heard("w", told(ENDED, call_id="c1"))
        assert (await running.asks("GET", f"{CALLS}/c1"))[1]["record"] == call


async def test_without_a_database_calls_that_last_are_known_still(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.store.is_there = False
        running.api.heard("w", told(OFFERED, ENDED))
        assert (await running.asks("GET", f"{CALLS}/c"))[0] == 200
        for path in (f"{CALLS}/c2", f"{CALLS}?state=past", f"{V1}/figures", f"{CALLS}/c/recording"):
            assert (await running.asks("GET", path))[0] == 503
        running.store.is_there = True
        assert (await running.asks("GET", f"{CALLS}/c2"))[0] == 404


async def test_figures_are_those_of_the_store(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        assert await running.asks("GET", f"{V1}/figures?plan=desk") == (200, {"figures": []})
        assert running.store.wanted == [(CallFilter(plan="desk"), "", 0)]


async def fetched(running: Served, call_id: str, **headers: str) -> tuple[int, bytes, str]:
    """Ask for a recording; return status, body and type."""
    url = f"http://127.0.0.1:{running.port}{CALLS}/{call_id}/recording"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        return response.status, await response.read(), response.content_type


async def test_a_recording_comes_whole_or_in_part(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call = await stored(tmp_path, running)
        path = tmp_path / "recordings" / "2030" / "c1.wav"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"RIFF0123456789")
        call["recording"]["path"] = str(path)
        assert await fetched(running, "c1") == (200, b"RIFF0123456789", "audio/wav")
        assert await fetched(running, "c1", Range="bytes=4-6") == (206, b"012", "audio/wav")
        assert (await fetched(running, "c1", Range="bytes=99-"))[0] == 416


async def test_no_other_file_is_served(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call = await stored(tmp_path, running)
        folder = tmp_path / "recordings"
        folder.mkdir()
        (tmp_path / "secret.wav").write_bytes(b"secret")
        (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
        (folder / "c1.wav.part").write_bytes(b"half")
        for path in (
            "",
            "/etc/passwd",
            str(tmp_path / "secret.wav"),
            str(folder / ".." / "secret.wav"),
            str(folder / "link.wav"),
            str(folder / "c1.wav.part"),
            str(folder / "none.wav"),
            str(folder),
        ):
            call["recording"]["path"] = path
            assert (await fetched(running, "c1"))[0] == 404, path
        assert (await fetched(running, "nobody"))[0] == 404


async def test_hostile_ids_find_nothing(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        for call_id in ("%00", "x" * 300, "..%2f..", "%0d%0aX:1", "'%20or%201=1"):
            assert (await running.asks("GET", f"{CALLS}/{call_id}"))[0] == 404
