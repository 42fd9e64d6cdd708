"""Phone calls at the provider, decided on by requests over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sipagent.errors import CallGone, ConfigError, SessionError, SessionRejected, SessionTimeout
from sipagent.realtime import attempts
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.sip_calls import SipCalls
from tests.fakes.scripted_rest import Answer, ScriptedRest, scripted_rest

KEY = "sk-very-secret"
SESSION = {"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief."}

BUSY, BROKEN, SILENT = Answer(503), Answer(0), Answer(-1)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts follow each other at once."""
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.0)


@asynccontextmanager
async def calls_at(
    *script: Answer, limits: dict[str, Any] | None = None, **endpoint: Any
) -> AsyncIterator[tuple[SipCalls, ScriptedRest]]:
    """Serve ``script``; close everything at the end."""
    async with scripted_rest() as far_end:
        far_end.script = list(script) or [Answer()]
        options = {"url": far_end.url, "api_key": KEY, **endpoint}
        calls = SipCalls(Endpoint(**options), **(limits or {}))
        try:
            yield calls, far_end
        finally:
            await calls.close()


async def failure(asking: Awaitable[None]) -> SessionError:
    """Ask in vain; return how it failed, with no key in it."""
    with pytest.raises(SessionError) as caught:
        await asking
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


def error(message: str, status: int = 400, code: str | None = None) -> Answer:
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return Answer(status, json.dumps(body).encode())


Ask = Callable[[SipCalls], Awaitable[None]]

ASKED: list[tuple[Ask, str, object]] = [
    (lambda calls: calls.accept("rtc_1", SESSION), "accept", SESSION),
    (lambda calls: calls.reject("rtc_1"), "reject", {"status_code": 603}),
    (lambda calls: calls.reject("rtc_1", 486), "reject", {"status_code": 486}),
    (lambda calls: calls.refer("rtc_1", "tel:+49"), "refer", {"target_uri": "tel:+49"}),
    (lambda calls: calls.hangup("rtc_1"), "hangup", None),
]


@pytest.mark.parametrize(("ask", "action", "body"), ASKED)
async def test_each_decision_is_one_request(ask: Ask, action: str, body: object) -> None:
    async with calls_at() as (calls, far_end):
        await ask(calls)
        (asked,) = far_end.asked
        assert (asked.method, asked.target) == ("POST", f"/v1/realtime/calls/rtc_1/{action}")
        assert (json.loads(asked.body) if asked.body else None) == body
        assert (asked.headers.get("Content-Type") == "application/json") == (body is not None)
        assert asked.headers["Authorization"] == f"Bearer {KEY}"
        assert asked.headers["User-Agent"] == "sipagent"


@pytest.mark.parametrize(
    ("tail", "target"),
    [
        ("?api-version=1", "/v1/realtime/calls/rtc_1/hangup?api-version=1"),
        ("/", "/v1/realtime/calls/rtc_1/hangup"),
        ("#here", "/v1/realtime/calls/rtc_1/hangup"),
    ],
)
async def test_calls_are_beside_the_sockets_and_a_query_is_kept(tail: str, target: str) -> None:
    async with calls_at() as (_, far_end):
        calls = SipCalls(Endpoint(far_end.url + tail, model="m"))
        await calls.hangup("rtc_1")
        await calls.close()
        assert far_end.targets == [target]


async def test_an_id_stays_one_part_of_the_path() -> None:
    async with calls_at() as (calls, far_end):
        await calls.hangup("../x?y#z")
        assert far_end.targets == ["/v1/realtime/calls/..%2Fx%3Fy%23z/hangup"]


@pytest.mark.parametrize("realtime_call_id", ["", ".", ".."])
async def test_what_is_no_id_is_no_call(realtime_call_id: str) -> None:
    async with calls_at() as (calls, far_end):
        assert isinstance(await failure(calls.hangup(realtime_call_id)), CallGone)
        assert far_end.asked == []


@pytest.mark.parametrize("url", ["http://h/v1/realtime", "wss:///x", "h", "ws://[h/x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SipCalls(Endpoint(url))
    assert caught.value.where == "url"


def test_a_whole_address_of_a_socket_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        SipCalls(Endpoint(verbatim_url="wss://h/x?call_id=rtc_1"))
    assert caught.value.where == "verbatim_url"


async def test_headers_of_its_own_replace_the_key() -> None:
    async with calls_at(headers={"api-key": "k"}) as (calls, far_end):
        await calls.hangup("rtc_1")
        headers = far_end.asked[0].headers
        assert headers["api-key"] == "k"
        assert "Authorization" not in headers


async def test_a_key_is_asked_for_before_each_attempt() -> None:
    keys = iter(["sk-1", "sk-2"])
    async with calls_at(BUSY, Answer(), api_key=lambda: next(keys)) as (calls, far_end):
        await calls.hangup("rtc_1")
        sent = [each.headers["Authorization"] for each in far_end.asked]
        assert sent == ["Bearer sk-1", "Bearer sk-2"]


async def test_without_a_key_nothing_is_asked() -> None:
    def no_key() -> str:
        raise OSError(KEY)

    async with calls_at(api_key=no_key) as (calls, far_end):
        assert isinstance(await failure(calls.hangup("rtc_1")), SessionRejected)
        assert far_end.asked == []


# What goes wrong.


@pytest.mark.parametrize("ask", [each[0] for each in ASKED])
@pytest.mark.parametrize("status", [404, 410])
async def test_a_call_that_is_over_is_gone_whatever_is_asked(ask: Ask, status: int) -> None:
    async with calls_at(error("No such call.", status)) as (calls, far_end):
        gone = await failure(ask(calls))
        assert isinstance(gone, CallGone)
        assert "No such call." in str(gone)
        assert len(far_end.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_what_passes_is_tried_again(status: int) -> None:
    async with calls_at(Answer(status), Answer(status), Answer()) as (calls, far_end):
        await calls.accept("rtc_1", SESSION)
        assert [json.loads(each.body) for each in far_end.asked] == [SESSION] * 3


async def test_a_connection_that_breaks_is_tried_again() -> None:
    async with calls_at(BROKEN, Answer()) as (calls, far_end):
        await calls.hangup("rtc_1")
        assert len(far_end.asked) == 2


async def test_a_kept_connection_that_has_died_is_no_trouble() -> None:
    async with calls_at(Answer(), BROKEN, Answer()) as (calls, far_end):
        await calls.hangup("rtc_1")
        await calls.hangup("rtc_2")
        assert len(far_end.asked) == 3


async def test_after_the_last_attempt_it_is_told_what_was_said() -> None:
    busy = error("Busy.", 503, "overloaded")
    async with calls_at(busy, limits={"attempts": 3}) as (calls, far_end):
        rejected = await failure(calls.hangup("rtc_1"))
        assert isinstance(rejected, SessionRejected)
        assert rejected.status == 503
        assert "Busy. (overloaded)" in str(rejected)
        assert len(far_end.asked) == 3


@pytest.mark.parametrize("status", [302, 307, 400, 401, 403, 422])
async def test_a_refusal_is_final(status: int) -> None:
    refusal = Answer(status, headers={"Location": "/elsewhere"})
    async with calls_at(refusal) as (calls, far_end):
        rejected = await failure(calls.accept("rtc_1", SESSION))
        assert isinstance(rejected, SessionRejected)
        assert rejected.status == status
        assert far_end.targets == ["/v1/realtime/calls/rtc_1/accept"]


async def test_a_key_that_the_far_end_repeats_is_not_told() -> None:
    said = error(f"Unknown key {KEY}, header Bearer {KEY}.")
    async with calls_at(said) as (calls, _):
        assert "Unknown key ***" in str(await failure(calls.hangup("rtc_1")))


async def test_no_query_is_told_that_the_far_end_repeats() -> None:
    async with calls_at(error("No key hidden.")) as (_, far_end):
        calls = SipCalls(Endpoint(f"{far_end.url}?key=hidden"))
        assert "hidden" not in str(await failure(calls.hangup("rtc_1")))
        await calls.close()


async def test_an_explanation_without_end_is_not_waited_for() -> None:
    async with calls_at(Answer(400, b"x" * 30_000, is_endless=True)) as (calls, far_end):
        rejected = await failure(calls.hangup("rtc_1"))
        assert isinstance(rejected, SessionRejected)
        assert rejected.status == 400
        assert len(far_end.asked) == 1


async def test_nobody_listening_is_a_rejection_without_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    calls = SipCalls(Endpoint(f"ws://127.0.0.1:{port}", api_key=KEY))
    rejected = await failure(calls.hangup("rtc_1"))
    await calls.close()
    assert isinstance(rejected, SessionRejected)
    assert rejected.status == 0
    assert "cannot be reached: Connection refused" in str(rejected)


async def test_what_cannot_be_sent_is_a_rejection_that_tells_no_address() -> None:
    calls = SipCalls(Endpoint("ws://user:hidden@127.0.0.1:1/x", api_key=KEY))
    rejected = await failure(calls.hangup("rtc_1"))
    await calls.close()
    assert isinstance(rejected, SessionRejected)
    assert "hidden" not in "".join(traceback.format_exception(rejected))


async def test_an_attempt_that_hangs_is_given_up_and_another_made() -> None:
    async with calls_at(SILENT, Answer(), limits={"timeout_s": 0.05}) as (calls, far_end):
        await calls.hangup("rtc_1")
        assert len(far_end.asked) == 2


async def test_the_pause_the_far_end_asks_for_is_made() -> None:
    asks_for_more = Answer(429, headers={"Retry-After": "1"})
    async with calls_at(asks_for_more, Answer()) as (calls, far_end):
        await calls.hangup("rtc_1")
        first, second = far_end.asked
        assert second.at - first.at >= 1.0


async def test_out_of_time_is_a_timeout() -> None:
    limits = {"timeout_s": 5.0, "total_timeout_s": 0.05}
    async with calls_at(SILENT, limits=limits) as (calls, far_end):
        assert isinstance(await failure(calls.hangup("rtc_1")), SessionTimeout)
        assert len(far_end.asked) == 1


async def test_a_key_that_takes_too_long_is_a_timeout() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return KEY

    limits = {"timeout_s": 0.01, "attempts": 1}
    async with calls_at(api_key=never, limits=limits) as (calls, _):
        assert isinstance(await failure(calls.hangup("rtc_1")), SessionTimeout)


@pytest.mark.parametrize("lost", [BROKEN, Answer(504), SILENT])
async def test_a_conflict_with_ones_own_lost_attempt_is_no_failure(lost: Answer) -> None:
    limits = {"timeout_s": 0.2, "attempts": 2}
    async with calls_at(lost, Answer(409), limits=limits) as (calls, far_end):
        await calls.accept("rtc_1", SESSION)
        assert len(far_end.asked) == 2


async def test_a_conflict_with_somebody_else_is_a_failure() -> None:
    async with calls_at(Answer(429), Answer(409)) as (calls, _):
        rejected = await failure(calls.accept("rtc_1", SESSION))
        assert isinstance(rejected, SessionRejected)
        assert rejected.status == 409


async def test_who_is_cancelled_asks_no_more() -> None:
    async with calls_at(SILENT) as (calls, far_end):
        asking = asyncio.ensure_future(calls.hangup("rtc_1"))
        await far_end.has_been_asked(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(far_end.asked) == 1


async def test_what_was_never_used_is_closed_without_harm() -> None:
    await SipCalls(Endpoint()).close()
