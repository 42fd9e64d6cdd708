"""Calls are accepted, rejected, referred and hung up over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, ConflictError, NotFoundError

from sipagent.errors import EngineError
from tests.loopback.client import connected

from .switchboard import ACCEPT, Switchboard, switchboard, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_call_that_is_accepted_is_answered(board: Switchboard) -> None:
    call = board.ring()
    assert call.realtime_call_id.startswith("rtc_")
    assert await call.post("accept", ACCEPT) == (200, "")
    assert call.leg.commands == [("answer", None)]


async def test_the_official_client_decides_about_calls(board: Switchboard) -> None:
    first, second, third = (board.ring() for _ in range(3))
    async with AsyncOpenAI(api_key="any", base_url=board.http, max_retries=0) as client:
        calls = client.realtime.calls
        await calls.accept(first.realtime_call_id, type="realtime", instructions="Be brief.")
        with pytest.raises(ConflictError):
            await calls.accept(first.realtime_call_id, type="realtime")
        await calls.refer(first.realtime_call_id, target_uri="tel:+49301")
        await calls.hangup(first.realtime_call_id)
        await calls.reject(second.realtime_call_id)
        await calls.reject(third.realtime_call_id, status_code=486)
        with pytest.raises(NotFoundError) as caught:
            await calls.hangup(first.realtime_call_id)
        assert caught.value.code == "call_not_found"
    told = [("answer", None), ("refer", "tel:+49301"), ("hang_up", None)]
    assert first.leg.commands == told
    assert second.leg.commands == [("reject", 603)]
    assert third.leg.commands == [("reject", 486)]


@pytest.mark.parametrize(
    ("session", "param", "code"),
    [
        ({}, "session.type", "invalid_value"),
        ([], "session", "invalid_type"),
        ({"type": "realtime", "instructions": 7}, "session.instructions", "invalid_type"),
        *(
            (
                {
                    "type": "realtime",
                    "audio": {"input": {"turn_detection": {"type": "server_vad", key: 1}}},
                },
                f"session.audio.input.turn_detection.{key}",
                "unknown_parameter",
            )
            for key in ("threshold", "prefix_padding_ms", "silence_duration_ms")
        ),
    ],
)
async def test_a_session_that_is_wrong_is_refused_and_the_call_waits(
    board: Switchboard, session: Any, param: str, code: str
) -> None:
    call = board.ring()
    status, answer = await call.post("accept", session)
    assert status == 400
    error = answer["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["code"] == code
    assert call.leg.commands == []
    assert await call.post("accept", ACCEPT) == (200, "")


@pytest.mark.parametrize("body", [b"{", b'{"session":' + b"[" * 900 + b"]" * 900 + b"}"])
@pytest.mark.parametrize("action", ["accept", "reject", "refer"])
async def test_what_is_no_json_to_work_with_is_refused(
    board: Switchboard, action: str, body: bytes
) -> None:
    call = board.ring()
    status, answer = await call.post(action, body)
    assert (status, answer["error"]["param"]) == (400, "body")
    assert call.leg.commands == []


async def test_a_call_is_not_accepted_or_rejected_twice(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    for action in ("accept", "reject"):
        status, answer = await call.post(action, ACCEPT)
        assert status == 409
        assert answer["error"]["type"] == "invalid_request_error"
    assert call.leg.commands == [("answer", None)]


@pytest.mark.parametrize("action", ["accept", "reject", "refer", "hangup"])
async def test_a_call_nobody_has_is_not_found(board: Switchboard, action: str) -> None:
    status, answer = await board.post(f"/calls/rtc_0/{action}", {"target_uri": "tel:+1"})
    assert (status, answer["error"]["code"]) == (404, "call_not_found")


@pytest.mark.parametrize("action", ["accept", "reject", "refer", "hangup"])
async def test_a_call_is_not_found_once_the_caller_gave_up(board: Switchboard, action: str) -> None:
    call = board.ring()
    call.leg.caller_gone()
    await board.calls.decided(call.realtime_call_id)
    status, _ = await call.post(action, {**ACCEPT, "target_uri": "tel:+1"})
    assert status == 404
    assert call.leg.commands == []


@pytest.mark.parametrize("action", ["reject", "refer", "hangup"])
async def test_what_ends_a_call_that_waits_ends_it_for_good(
    board: Switchboard, action: str
) -> None:
    call = board.ring()
    assert await call.post(action, {"target_uri": "sip:desk@example.org"}) == (200, "")
    assert len(call.leg.commands) == 1
    assert (await call.post("accept", ACCEPT))[0] == 404


async def test_a_call_that_was_referred_after_its_answer_goes_on(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        assert (await call.post("refer", {"target_uri": "tel:+49301"}))[0] == 200
        await client.update(instructions="Wait.")
    assert call.leg.commands == [("answer", None), ("refer", "tel:+49301")]


async def test_where_nobody_can_be_sent_is_refused(board: Switchboard) -> None:
    call = board.ring()
    status, answer = await call.post("refer", {"other": 1})
    assert (status, answer["error"]["code"]) == (400, "missing_required_parameter")
    status, answer = await call.post("refer", {"target_uri": "sip:a@b\r\nX: y"})
    assert (status, answer["error"]["param"]) == (400, "target_uri")
    assert call.leg.commands == []


@pytest.mark.parametrize("action", ["accept", "reject", "refer", "hangup"])
async def test_whoever_waits_for_a_decision_is_told(board: Switchboard, action: str) -> None:
    call = board.ring()
    await call.post(action, {**ACCEPT, "target_uri": "tel:+1"})
    await board.calls.decided(call.realtime_call_id)


async def test_a_call_nobody_decided_about_is_rejected_and_others_are_not(
    board: Switchboard,
) -> None:
    call, accepted = board.ring(), board.ring()
    await accepted.accept()
    for each in (call, accepted):
        board.calls.abandon(each.realtime_call_id, 480)
    board.calls.abandon("rtc_0", 480)
    assert call.leg.commands == [("reject", 480)]
    assert accepted.leg.commands == [("answer", None)]
    assert (await call.post("accept", ACCEPT))[0] == 404


def has_room(board: Switchboard) -> bool:
    try:
        board.ring()
    except EngineError:
        return False
    return True


async def test_calls_and_sessions_share_the_places(tmp_path: Path) -> None:
    async with switchboard(tmp_path, max_sessions=2) as board:
        call = board.ring()
        async with connected(board.url):
            with pytest.raises(EngineError, match="no session is free"):
                board.ring()
            await call.post("reject")
            await until(lambda: has_room(board))


async def test_an_engine_that_ends_hangs_up(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        waiting, talking = board.ring(), board.ring()
        await talking.accept()
    assert waiting.leg.commands == [("hang_up", None)]
    assert talking.leg.commands == [("answer", None), ("hang_up", None)]
    with pytest.raises(EngineError):
        board.ring()
