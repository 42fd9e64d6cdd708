"""Webhooks over HTTP: what is taken, what is refused and with what, and what is counted."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import pytest

from sipagent.errors import JournalError
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.http import OpsServer
from sipagent.ops.status import Readiness
from sipagent.ops.webhook_counts import Outcome
from sipagent.ops.webhooks import STATUSES, WebhookDesk, WebhookLimits
from sipagent.wire.webhook import IncomingCall, sign, webhook_body

PATH = "/webhooks/openai"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW = 1_700_000_000
CALL = IncomingCall("evt_1", NOW, "rtc_1", (("From", "<sip:+49301@example.com>"),))
BODY = webhook_body(CALL)
SOON = WebhookLimits(body_timeout_s=0.1, store_timeout_s=0.1)


class FakeStore:
    """Knows ids; fails or hangs when told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[IncomingCall, float]] = []
        self.known: set[str] = set()
        self.error = ""
        self.hangs = False

    async def add_webhook(self, webhook_id: str, call: IncomingCall, *, received_at: float) -> bool:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise JournalError(self.error)
        new = {webhook_id, call.realtime_call_id}
        if new & self.known:
            return False
        self.known |= new
        self.calls.append((call, received_at))
        return True


@dataclass
class Box:
    """A running server, and whoever posts to it."""

    url: str
    port: int
    store: FakeStore
    client: aiohttp.ClientSession
    told: list[int] = field(default_factory=list)
    """How many calls were stored, each time somebody was told to look."""

    async def post(self, body: bytes = BODY, headers: dict[str, str] | None = None) -> int:
        """Post ``body``, signed unless there are other headers; return the status."""
        headers = signed(body) if headers is None else headers
        async with self.client.post(self.url + PATH, data=body, headers=headers) as response:
            assert await response.read() == b""
            return response.status

    async def counted(self) -> dict[str, int]:
        """Return the outcomes that the page of metrics shows, without zeros."""
        async with self.client.get(self.url + "/metrics") as response:
            lines = (await response.text()).splitlines()
        start = 'sipagent_webhooks_total{outcome="'
        shown = [line.removeprefix(start).split('"} ') for line in lines if line.startswith(start)]
        assert {outcome for outcome, _ in shown} == set(Outcome)
        return {outcome: int(float(count)) for outcome, count in shown if float(count)}


def signed(
    body: bytes, webhook_id: str = "wh_1", timestamp: int = NOW, secret: str = SECRET
) -> dict[str, str]:
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": sign(secret, webhook_id, timestamp, body),
    }


@asynccontextmanager
async def box(
    folder: Path,
    limits: WebhookLimits | None = None,
    secrets: tuple[str, ...] = ("another", SECRET),
) -> AsyncIterator[Box]:
    store = FakeStore()
    told: list[int] = []
    desk = WebhookDesk(
        secrets,
        store,
        wall_clock=lambda: NOW + 0.5,
        on_call=lambda: told.append(len(store.calls)),
        limits=limits,
    )
    server = OpsServer("127.0.0.1", 0, str(folder), lambda: Readiness(True), webhooks=desk)
    await server.start()
    try:
        async with aiohttp.ClientSession() as client:
            yield Box(f"http://127.0.0.1:{server.port}", server.port, store, client, told)
    finally:
        await server.close()


async def test_a_new_call_is_stored_before_it_is_answered_and_told(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        assert await running.post() == 200
        assert running.store.calls == [(CALL, NOW + 0.5)]
        assert running.told == [1]
        assert await running.counted() == {"taken": 1}


async def test_what_came_before_is_answered_alike_and_told_to_nobody(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        for webhook_id in ("wh_1", "wh_1", "wh_2"):
            assert await running.post(headers=signed(BODY, webhook_id)) == 200
        assert running.told == [1]
        assert await running.counted() == {"taken": 1, "duplicate": 2}


async def test_another_type_is_answered_and_ignored(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        assert await running.post(b'{"type":"live.call.incoming","data":{}}') == 200
        assert (running.store.calls, running.told) == ([], [])
        assert await running.counted() == {"ignored": 1}


@pytest.mark.parametrize(
    ("changes", "status", "outcome"),
    [
        ({"Webhook-Id": "wh_2"}, 401, "bad_signature"),
        ({"Webhook-Id": ""}, 400, "missing_header"),
        ({"Webhook-Signature": ""}, 400, "missing_header"),
        ({"Webhook-Signature": "v1,\u00e9"}, 401, "bad_signature"),
        ({"Webhook-Timestamp": "now"}, 400, "bad_timestamp"),
        ({"Webhook-Timestamp": str(NOW - 300)}, 401, "too_old"),
        ({"Webhook-Timestamp": str(NOW + 301)}, 401, "too_new"),
        (signed(BODY, secret="third"), 401, "bad_signature"),
        (signed(BODY + b" "), 401, "bad_signature"),
    ],
)
async def test_a_message_of_somebody_else_is_refused_without_a_word(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, str],
    status: int,
    outcome: str,
) -> None:
    async with box(tmp_path) as running:
        assert await running.post(headers={**signed(BODY), **changes}) == status
        assert (running.store.calls, running.told) == ([], [])
        assert await running.counted() == {outcome: 1}
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("sipagent")]
    assert lines == [f"! webhook refused: {outcome}"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", BODY.replace(b"rtc_1", b"rtc 1")])
async def test_nonsense_with_a_good_signature_is_told_apart_and_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    async with box(tmp_path) as running:
        assert await running.post(body) == 400
        assert await running.counted() == {"unreadable": 1}
    assert "! webhook refused: unreadable: " in caplog.text
    assert "+49301" not in caplog.text


@pytest.mark.parametrize("hangs", [True, False])
async def test_what_cannot_be_stored_is_asked_for_again(tmp_path: Path, hangs: bool) -> None:
    async with box(tmp_path, SOON) as running:
        running.store.hangs, running.store.error = hangs, "x.db: database or disk is full"
        assert await running.post() == 503
        assert running.told == []
        running.store.hangs, running.store.error = False, ""
        assert await running.post() == 200
        assert running.told == [1]
        assert await running.counted() == {"store_failed": 1, "taken": 1}


async def test_why_the_store_failed_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with box(tmp_path) as running:
        running.store.error = "x.db: database or disk is full"
        assert await running.post() == 503
    assert "! webhook refused: x.db: database or disk is full" in caplog.text


async def test_a_body_may_be_as_long_as_the_limit_and_no_longer(tmp_path: Path) -> None:
    limits = WebhookLimits(max_body_bytes=len(BODY))
    async with box(tmp_path, limits) as running:
        assert await running.post() == 200
        assert await running.post(BODY + b" ") == 413
        assert await running.counted() == {"taken": 1, "too_large": 1}


async def test_a_body_that_is_announced_too_long_is_not_waited_for(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        answer = await raw(running, START + b"Content-Length: 300000\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_long_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            yield bytes(64 * 1024)
            sent += 64 * 1024
            await asyncio.sleep(0)

    async with box(tmp_path) as running:
        url = running.url + PATH
        async with running.client.post(url, data=endless(), headers=signed(b"")) as response:
            assert response.status == 413
        assert await running.counted() == {"too_large": 1}
    assert sent < 16 * 1024 * 1024


async def test_a_body_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(8 * 1024 * 1024))
    assert len(packed) < 256 * 1024
    async with box(tmp_path) as running:
        headers = {**signed(packed), "Content-Encoding": "gzip"}
        assert await running.post(packed, headers) == 413


async def raw(running: Box, request: bytes, *, hang_up: bool = False) -> bytes:
    """Send bytes; return the answer's first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(request)
    await writer.drain()
    if hang_up:
        writer.transport.abort()
        return b""
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


START = b"POST /webhooks/openai HTTP/1.1\r\nHost: x\r\n"


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with box(tmp_path, SOON) as running:
        answer = await raw(running, START + b"Content-Length: 9\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert await running.counted() == {"broken_off": 1}


async def test_a_body_that_is_broken_off_is_nobodys_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with box(tmp_path) as running:
        await raw(running, START + b"Content-Length: 9\r\n\r\n{", hang_up=True)
        async with asyncio.timeout(5):
            while await running.counted() != {"broken_off": 1}:
                await asyncio.sleep(0.01)
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_a_body_that_is_packed_wrongly_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        headers = {**signed(b"no gzip"), "Content-Encoding": "gzip"}
        assert await running.post(b"no gzip", headers) == 400
        assert await running.counted() == {"broken_off": 1}


async def test_what_comes_too_fast_is_told_to_come_again(tmp_path: Path) -> None:
    async with box(tmp_path, WebhookLimits(max_per_second=3)) as running:
        headers = [signed(BODY, f"wh_{number}") for number in range(20)]
        statuses = [await running.post(headers=each) for each in headers]
        assert statuses[:3] == [200, 200, 200]
        assert statuses.count(429) > 10
        assert set(statuses) == {200, 429}
        assert (await running.counted())["rate_limited"] == statuses.count(429)


async def test_a_flood_of_refusals_is_counted_whole_and_logged_in_part(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with box(tmp_path, WebhookLimits(max_per_second=100)) as running:
        for _ in range(40):
            await running.post(headers={})
        assert await running.counted() == {"missing_header": 40}
    assert 10 <= caplog.text.count("webhook refused: missing_header") < 20


async def test_it_is_posted_to_and_nothing_else(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        for method in ("GET", "PUT", "DELETE"):
            async with running.client.request(method, running.url + PATH) as response:
                assert response.status == 405


async def test_without_secrets_there_is_no_such_path(tmp_path: Path) -> None:
    async with (
        box(tmp_path, secrets=()) as running,
        running.client.post(running.url + PATH, data=BODY) as response,
        running.client.get(running.url + PATH) as other,
    ):
        assert (response.status, other.status) == (404, 404)


async def test_a_server_that_nobody_gave_a_desk_has_no_such_path(tmp_path: Path) -> None:
    server = OpsServer("127.0.0.1", 0, str(tmp_path), lambda: Readiness(True))
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}{PATH}"
        async with aiohttp.ClientSession() as client, client.post(url, data=BODY) as response:
            assert response.status == 404
    finally:
        await server.close()


async def test_metrics_can_be_asked_for_again_and_again(tmp_path: Path) -> None:
    async with box(tmp_path) as running:
        assert await running.counted() == {}
        await running.post()
        assert await running.counted() == await running.counted() == {"taken": 1}


def test_only_what_is_settled_is_answered_with_200() -> None:
    settled = {Outcome.TAKEN, Outcome.DUPLICATE, Outcome.IGNORED}
    assert {outcome for outcome, status in STATUSES.items() if status < 300} == settled


async def test_it_is_written_down_by_a_real_store(tmp_path: Path) -> None:
    looked = asyncio.Event()
    store = AttachStore(f"sqlite:///{tmp_path}/calls.db")
    await store.open()
    desk = WebhookDesk([SECRET], store, wall_clock=lambda: float(NOW), on_call=looked.set)
    server = OpsServer("127.0.0.1", 0, str(tmp_path), lambda: Readiness(True), webhooks=desk)
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}{PATH}"
        async with aiohttp.ClientSession() as client:
            async with client.post(url, data=BODY, headers=signed(BODY)) as response:
                assert response.status == 200
            async with asyncio.timeout(5):
                await looked.wait()
            (entry,) = await store.waiting()
            assert (entry.realtime_call_id, entry.sip_headers) == ("rtc_1", CALL.sip_headers)
            await store.close()
            body = orjson.dumps({**orjson.loads(BODY), "id": "evt_2"})
            async with client.post(url, data=body, headers=signed(body, "wh_2")) as response:
                assert response.status == 503
    finally:
        await server.close()
