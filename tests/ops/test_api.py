"""The admin API: who may ask, and what a person decides."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sipagent.ops import api_guard
from sipagent.ops.api_guard import MAX_BODY_BYTES
from sipagent.ops.channel import ApprovalDecided, Closed

from .served import APPROVALS, CALLS, YES, asked, served_api


async def test_what_waits_is_listed(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        assert await running.asks("GET") == (200, {"approvals": []})
        running.api.heard("w", asked())
        status, content = await running.asks("GET")
        assert (status, content["approvals"]) == (
            200,
            [
                {
                    "id": "a1",
                    "call_id": "c1",
                    "plan": "refunds",
                    "agent": "Back office",
                    "tool": "refund",
                    "arguments": '{"order": "7"}',
                    "asked_at": "2023-11-14T22:13:20.500+00:00",
                }
            ],
        )


@pytest.mark.parametrize(
    ("body", "sent", "state"),
    [
        (YES, ApprovalDecided("a1", True, ""), "approved"),
        ({"approve": False, "message": "No."}, ApprovalDecided("a1", False, "No."), "rejected"),
    ],
)
async def test_a_decision_reaches_whoever_asked(
    tmp_path: Path, body: Any, sent: ApprovalDecided, state: str
) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked())
        assert await running.decides(body) == (200, {"id": "a1", "state": state})
        assert running.sent == [("w", sent)]
        assert await running.asks("GET") == (200, {"approvals": []})


async def test_an_unknown_approval_is_404_and_a_decided_one_409(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked())
        assert (await running.decides(approval_id="a2"))[0] == 404
        assert (await running.decides())[0] == 200
        assert (await running.decides())[0] == 409
        assert len(running.sent) == 1


async def test_a_decision_that_was_late_is_409(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.in_time = False
        running.api.heard("w", asked())
        assert (await running.decides())[0] == 409


async def test_the_questions_of_a_process_that_ended_are_gone(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked())
        running.api.heard("w", Closed())
        assert await running.asks("GET") == (200, {"approvals": []})
        assert (await running.decides())[0] == 409


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "approve: Field required"),
        ({"approve": "yes"}, "approve: Input should be a valid boolean"),
        ({"approve": 1}, "approve: Input should be a valid boolean"),
        ({"approve": True, "always": True}, "always: Extra inputs are not permitted"),
        ({"approve": False, "message": "x" * 1_001}, "message: String should have at most 1000"),
        ([True], "body: Input should be an object"),
        ({"approve": True, "message": "x" * MAX_BODY_BYTES}, "is larger than"),
    ],
)
async def test_a_bad_body_is_400_and_decides_nothing(tmp_path: Path, body: Any, fault: str) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked())
        status, content = await running.decides(body)
        assert status == 400
        assert content["error"]["message"].startswith(fault)
        assert running.sent == [] and len((await running.asks("GET"))[1]["approvals"]) == 1


async def test_a_body_that_no_page_may_post_unasked_is_wanted(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", asked())
        path, headers = f"{APPROVALS}/a1", {"Content-Type": "text/plain"}
        status, _ = await running.asks("POST", path, data='{"approve": true}', headers=headers)
        assert status == 400
        headers["Content-Type"] = "application/json"
        assert (await running.asks("POST", path, data="{", headers=headers))[0] == 400


async def test_a_token_is_wanted_where_there_is_one(tmp_path: Path) -> None:
    async with served_api(tmp_path, bind="0.0.0.0", token="s3cret") as running:
        running.api.heard("w", asked())
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            assert (await running.asks("GET", headers=given))[0] == 401
            assert (await running.decides(headers=given))[0] == 401
        right = {"Authorization": "Bearer s3cret", "Host": "pbx.example.com"}
        assert (await running.asks("GET", headers=right))[0] == 200
        assert (await running.decides(headers=right))[0] == 200


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.1", "pbx.example.com"])
async def test_without_a_token_nobody_else_is_answered(tmp_path: Path, bind: str) -> None:
    async with served_api(tmp_path, bind=bind) as running:
        running.api.heard("w", asked())
        assert (await running.asks("GET"))[0] == 403
        assert (await running.decides())[0] == 403
        assert running.sent == []


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8080", 200), ("[::1]:8080", 200), ("127.0.0.1", 200), ("evil.example", 403)],
)
async def test_without_a_token_the_host_must_be_this_machine(
    tmp_path: Path, host: str, status: int
) -> None:
    async with served_api(tmp_path) as running:
        assert (await running.asks("GET", headers={"Host": host}))[0] == status


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "http://["]
)
async def test_no_page_of_another_origin_has_anything_done(tmp_path: Path, origin: str) -> None:
    async with served_api(tmp_path) as running:
        for path in ("/api/v1/drain", "/api/v1/plans/reload"):  # a page may post nothing unasked
            status, _ = await running.asks("POST", path, headers={"Origin": origin})
            assert status == 403
        ours = {"Origin": f"http://127.0.0.1:{running.port}"}
        assert (await running.asks("POST", "/api/v1/drain", headers=ours))[0] == 200
        assert len(running.audited) == 3


async def test_what_goes_wrong_here_is_on_record_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> None:
        raise RuntimeError("no such luck, s3cret")

    async with served_api(tmp_path) as running:
        monkeypatch.setattr(running.keeper, "reload", broken)
        url = f"http://127.0.0.1:{running.port}/api/v1/plans/reload"
        async with aiohttp.ClientSession() as http, http.post(url) as response:
            assert response.status == 500
            assert "s3cret" not in await response.text()
        assert [entry["status"] for entry in running.audited] == [500]


async def test_a_body_that_never_comes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_guard, "BODY_LIMIT_S", 0.05)
    async with served_api(tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"POST /api/v1/approvals/a1 HTTP/1.1\r\nHost: localhost\r\n")
        writer.write(b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        assert b" 400 " in await reader.readline()
        writer.close()


async def test_what_is_not_served_is_told_as_everything_that_goes_wrong(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served, aiohttp.ClientSession() as session:
        base = f"http://127.0.0.1:{served.port}"
        async with session.get(f"{base}/api/v1/nosuch") as response:
            assert response.status == 404
            assert await response.json() == {"error": {"message": "there is nothing here"}}
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with session.put(f"{base}{CALLS}") as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD,POST")
            assert await response.json() == {"error": {"message": "takes no PUT"}}
        async with session.get(f"{base}/nosuch") as response:
            assert (response.status, response.content_type) == (404, "text/plain")


async def test_no_answer_is_kept(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="s3cret") as running, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{running.port}{APPROVALS}"
        for headers, status in (({"Authorization": "Bearer s3cret"}, 200), ({}, 401)):
            async with http.get(url, headers=headers) as response:
                assert response.status == status
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["X-Content-Type-Options"] == "nosniff"
