"""Whatever is asked, the answer is one of those in the document, and never a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sipagent.calls import facts
from sipagent.ops.audit import AuditLog

from .fits import check_answer
from .served import CALLS, EVENTS, Served, served_api
from .told import HOSTILE, OFFERED, told

BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe{}",
    b'{"text": "\\ud800"}',
    b'{"text": NaN, "agent": 1e999, "direction": null}',
    b'{"text": {"text": "x"}, "levels": [], "files": 7, "version": 1.5}',
    b'{"version": ' + b"9" * 400 + b"}",
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    json.dumps({"text": HOSTILE, "target": HOSTILE, "agent": HOSTILE, "uri": HOSTILE}).encode(),
    json.dumps({"agent": HOSTILE[:100]}).encode(),
    b'{"text": "' + b"x" * 100_000 + b'"}',
]
SEGMENTS = ["c", "%00", "%ff%fe", "..%2f..%2fetc", "%0d%0aX-Evil:%201", "%e2%80%ae", "x" * 3_000]


async def answered(running: Served, method: str, path: str, body: bytes | None) -> dict[str, Any]:
    """Ask, check the answer, and return it."""
    url = URL(f"http://127.0.0.1:{running.port}{path}", encoded=True)
    headers = {} if body is None else {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url, data=body, headers=headers) as response,
    ):
        assert response.status != 500
        assert "X-Evil" not in response.headers
        content: dict[str, Any] = await response.json()
        check_answer(running.api.document, method, path, response.status, content)
        return content


async def test_no_body_is_too_odd(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        for route in running.api.table():
            if route.body is None:
                continue
            running.api.heard("w", told(OFFERED))
            path = route.whole_path.replace("{call_id}", "c").replace("{approval_id}", "a1")
            for body in BODIES:
                await answered(running, route.method, path, body)


async def test_no_id_is_too_odd_and_each_is_on_record(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        log = AuditLog(tmp_path / "audit.jsonl")
        for segment in SEGMENTS:
            for path in (f"{CALLS}/{segment}", f"{CALLS}/{segment}/recording"):
                await answered(running, "GET", path, None)
            await answered(running, "POST", f"{CALLS}/{segment}/say", b'{"text": "x"}')
        for entry in running.audited:
            log.write(entry)
        await log.close()
        lines = (tmp_path / "audit.jsonl").read_bytes().decode("ascii").splitlines()
        assert len(lines) == len(running.audited) == len(SEGMENTS)
        assert [json.loads(line) for line in lines] == running.audited


@pytest.mark.parametrize("text", [HOSTILE, "\ud800", "\u2028\u2029\x85", "x" * 100_000])
async def test_what_callers_say_breaks_no_stream(tmp_path: Path, text: str) -> None:
    offered = facts.CallOffered("incoming", text, text, text, text)
    async with served_api(tmp_path) as running, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{running.port}{EVENTS}"
        async with http.get(url, read_bufsize=1 << 22) as response:
            running.api.heard("w", told(offered, facts.CallerSaid("i", text)))
            while True:
                block = (await response.content.readuntil(b"\n\n")).decode("ascii")
                event, data, *rest = block.rstrip("\n").split("\n")
                assert rest == [] and event.startswith("event: ")
                content = json.loads(data.removeprefix("data: "))
                if event == "event: call":
                    break
            assert content["caller"][:3_000] == text[:3_000]
            assert len(content["transcript"][0]["text"]) <= 4_000
