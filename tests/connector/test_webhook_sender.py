"""Posting a webhook until it is taken, to a real server."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sipagent.connector.webhook_sender import WebhookSender, pause_s
from sipagent.wire.webhook import IncomingCall, read_webhook, verify

from .receiver import SECRET, Receiver, receiver

CALL = IncomingCall("evt_1", 1_700_000_000, "rtc_1", (("From", "<sip:a@b>"),), "rtp")
SHOWN = "http://shown"
NOW = 1_700_000_000


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def sender_to(url: str, http: aiohttp.ClientSession, limit_s: float = 5.0) -> WebhookSender:
    """Return a sender that does not pause; its clock ticks at each attempt."""
    ticks = itertools.count(NOW)
    return WebhookSender(
        url,
        SHOWN,
        SECRET,
        http,
        wall_clock=lambda: float(next(ticks)),
        attempt_limit_s=limit_s,
        pause=lambda _: 0.0,
    )


async def delivered(receiving: Receiver, http: aiohttp.ClientSession) -> bool:
    return await sender_to(receiving.url, http).deliver(CALL, until=asyncio.Event())


def test_pauses_double_up_to_a_limit() -> None:
    assert [pause_s(failures) for failures in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_pause_after_very_many_failures_is_still_the_longest() -> None:
    assert pause_s(5_000) == 4.0


async def test_a_webhook_is_posted_signed_and_says_what_it_is(
    http: aiohttp.ClientSession,
) -> None:
    async with receiver() as receiving:
        assert await delivered(receiving, http)
    (request,) = receiving.received
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "sipagent"
    assert request.headers["webhook-id"].startswith("wh_")
    assert read_webhook(request.body) == CALL
    webhook_id = verify([SECRET], request.headers, request.body, now=NOW)
    assert webhook_id == request.headers["webhook-id"]


@pytest.mark.parametrize("status", [200, 202, 204, 299])
async def test_any_2xx_is_the_end_of_it(http: aiohttp.ClientSession, status: int) -> None:
    async with receiver(status) as receiving:
        assert await delivered(receiving, http)
    assert len(receiving.received) == 1


@pytest.mark.parametrize("status", [302, 307, 400, 401, 404, 410, 429, 500, 503])
async def test_everything_else_is_tried_again(http: aiohttp.ClientSession, status: int) -> None:
    async with receiver(status) as receiving:
        assert await delivered(receiving, http)
    first, second = receiving.received
    assert (first.method, second.method) == ("POST", "POST")  # no redirect was followed
    assert first.body == second.body


async def test_each_attempt_is_the_same_webhook_signed_at_its_own_time(
    http: aiohttp.ClientSession,
) -> None:
    async with receiver(500, 500) as receiving:
        assert await delivered(receiving, http)
    assert len({each.headers["webhook-id"] for each in receiving.received}) == 1
    times = [each.headers["webhook-timestamp"] for each in receiving.received]
    assert times == [str(NOW), str(NOW + 1), str(NOW + 2)]
    for each in receiving.received:
        verify([SECRET], each.headers, each.body, now=NOW)


async def test_two_webhooks_are_two_ids(http: aiohttp.ClientSession) -> None:
    async with receiver() as receiving:
        await delivered(receiving, http)
        await delivered(receiving, http)
    assert len({each.headers["webhook-id"] for each in receiving.received}) == 2


async def test_a_receiver_that_does_not_answer_in_time_is_asked_again(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    over = asyncio.Event()
    async with receiver() as receiving:
        answers = asyncio.Event()

        async def hesitate(_: object) -> None:
            await answers.wait()

        receiving.on_received = hesitate
        sending = asyncio.create_task(  # noqa: TID251  this test owns it
            sender_to(receiving.url, http, 0.05).deliver(CALL, until=over)
        )
        await receiving.until(2)
        answers.set()
        assert await sending
    assert f"call=rtc_1 ! webhook to {SHOWN}: no answer within 0.05 s" in caplog.messages


async def test_nothing_is_sent_once_nobody_waits(http: aiohttp.ClientSession) -> None:
    over = asyncio.Event()
    over.set()
    async with receiver() as receiving:
        assert not await sender_to(receiving.url, http).deliver(CALL, until=over)
    assert receiving.received == []


async def test_a_failure_after_nobody_waits_any_more_is_the_last(
    http: aiohttp.ClientSession,
) -> None:
    over = asyncio.Event()
    async with receiver(500) as receiving:

        async def decide(_: object) -> None:
            over.set()

        receiving.on_received = decide
        assert not await sender_to(receiving.url, http).deliver(CALL, until=over)
    assert len(receiving.received) == 1


async def test_a_pause_ends_when_nobody_waits_any_more(http: aiohttp.ClientSession) -> None:
    over, paused = asyncio.Event(), asyncio.Event()

    def pause(_: int) -> float:
        paused.set()
        return 3_600.0

    async with receiver(500) as receiving:
        sender = WebhookSender(
            receiving.url, SHOWN, SECRET, http, wall_clock=lambda: NOW, pause=pause
        )
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(sender.deliver(CALL, until=over))
            await paused.wait()
            over.set()
        assert not sending.result()


async def test_an_unreachable_receiver_is_named_once(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    over, failures = asyncio.Event(), []

    def pause(count: int) -> float:
        failures.append(count)
        if count == 3:
            over.set()
        return 0.0

    async with receiver() as gone:
        url = gone.url
    sender = WebhookSender(url, SHOWN, SECRET, http, wall_clock=lambda: NOW, pause=pause)
    with caplog.at_level(logging.WARNING):
        assert not await sender.deliver(CALL, until=over)
    assert failures == [1, 2, 3]
    (line,) = caplog.messages
    assert line.startswith(f"call=rtc_1 ! webhook to {SHOWN}: Cannot connect")
    assert SECRET not in line
