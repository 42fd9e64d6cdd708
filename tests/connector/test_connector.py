"""From INVITE to decision: real SIP, a real receiver of webhooks; the test decides."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sipagent.engine.leg import CallerAudio, LegAnswered, LegEnded
from sipagent.errors import SipStartError
from sipagent.wire.webhook import read_webhook
from tests.ports import rtp_ports
from tests.telephony.datagrams import SDP, SipSocket
from tests.telephony.harness import until
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .pending import NOW, Pending, Waiting, answering
from .receiver import receiver


async def status_of(peer: SipSocket) -> str:
    """Return status and phrase of the next response but 100."""
    while (text := await peer.received.get()).startswith("SIP/2.0 100"):
        pass
    return text.partition("\r\n")[0].removeprefix("SIP/2.0 ")


async def test_a_caller_hears_it_ring_and_a_webhook_tells_of_them() -> None:
    async with (
        receiver() as receiving,
        answering(receiving.url) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        assert await status_of(peer) == "180 Ringing"
        (request,) = await receiving.until(1)
    call = read_webhook(request.body)
    assert call is not None
    assert (call.realtime_call_id, call.created_at) == ("rtc_0", NOW)
    assert call.event_id.startswith("evt_")
    assert call.media_security == "rtp"


async def test_the_webhook_has_the_headers_of_the_invite_in_order() -> None:
    more = ("X-Room: 7", "Diversion: <sip:b@x>", "x-room: 8")
    async with (
        receiver() as receiving,
        answering(receiving.url) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP, headers=more))
        (request,) = await receiving.until(1)
    call = read_webhook(request.body)
    assert call is not None
    names = [name for name, _ in call.sip_headers]
    assert " ".join(names).startswith(
        "Via From To Call-ID CSeq Contact Max-Forwards X-Room Diversion x-room"
    )
    headers = dict(call.sip_headers)
    assert headers["From"] == f"<sip:ada@127.0.0.1:{peer.port}>;tag=1"
    assert (headers["Call-ID"], headers["X-Room"], headers["x-room"]) == ("c1", "7", "8")


async def test_the_webhook_has_no_passwords() -> None:
    secret = ("Authorization: Digest x", "proxy-authorization: Digest y", "X-Last: 1")
    async with (
        receiver() as receiving,
        answering(receiving.url) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP, headers=secret))
        (request,) = await receiving.until(1)
    assert b"Digest" not in request.body
    assert b"X-Last" in request.body


async def test_a_caller_for_whom_no_session_is_free_is_refused_and_nobody_is_told() -> None:
    async with (
        receiver() as receiving,
        answering(receiving.url, places=1) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        await receiving.until(1)
        assert await status_of(peer) == "180 Ringing"
        peer.send(peer.request("INVITE", "c2", body=SDP))
        assert await status_of(peer) == "503 Service Unavailable"
    assert len(receiving.received) == 1


async def test_a_caller_nobody_decides_about_hears_that_nobody_is_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        receiver() as receiving,
        answering(receiving.url, ring_limit_s=0.2) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        waiting = await box.calls.next()
        assert (await peer.response()).startswith("SIP/2.0 480 ")
        await waiting.is_over.wait()
        assert waiting.abandoned == [480]
    assert "call=rtc_0 ! nobody decided in 0.2 s" in caplog.messages
    assert len(receiving.received) == 1


async def test_a_call_that_was_decided_is_not_given_up_later() -> None:
    async with (
        receiver() as receiving,
        answering(receiving.url, ring_limit_s=1.0) as box,
        SipSocket(box.sip_port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        first = await box.calls.next()
        first.decided.set()
        peer.send(peer.request("INVITE", "c2", body=SDP))
        second = await box.calls.next()
        await second.is_over.wait()  # it rang longer than the first one may
        assert (first.abandoned, second.abandoned) == ([], [480])


@needs_sipp
async def test_a_receiver_that_failed_is_asked_again_while_it_rings(tmp_path: Path) -> None:
    async with (
        receiver(500) as receiving,
        answering(receiving.url) as box,
        Sipp("is_refused", box.sip_port, tmp_path, status=486) as sipp,
    ):
        waiting = await box.calls.next()
        first, second = await receiving.until(2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        waiting.leg.reject(486)
        await sipp.succeeds()


@needs_sipp
async def test_nothing_is_sent_any_more_once_the_caller_gave_up(tmp_path: Path) -> None:
    async with receiver(*[500] * 100) as receiving, answering(receiving.url) as box:
        async with Sipp("cancels", box.sip_port, tmp_path) as sipp:
            waiting = await box.calls.next()
            await waiting.is_over.wait()
            await sipp.succeeds()
        assert waiting.events == [LegEnded("487 Request Terminated")]
        assert waiting.abandoned == []
        sent = len(receiving.received)
        # Another caller's webhook fails and comes again: the first one's would have, too.
        async with SipSocket(box.sip_port) as peer:
            peer.send(peer.request("INVITE", "c2", body=SDP))
            received = await receiving.until(sent + 2)
    ids = [each.headers["webhook-id"] for each in received]
    assert len(set(ids[:sent])) <= 1
    assert set(ids[:sent]).isdisjoint(ids[sent:])


async def test_an_unreachable_receiver_is_named_once_for_each_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with receiver() as gone:
        url = gone.url
    async with answering(url, ring_limit_s=1.2) as box, SipSocket(box.sip_port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        waiting = await box.calls.next()
        await waiting.is_over.wait()
    named = [line for line in caplog.messages if f"call=rtc_0 ! webhook to {url}" in line]
    assert len(named) == 1


@needs_sipp
async def test_an_answered_caller_is_heard_and_hears(tmp_path: Path) -> None:
    async with (
        receiver() as receiving,
        answering(receiving.url) as box,
        RtpPeer() as caller,
        Sipp("waits_for_bye", box.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        waiting = await box.calls.next()
        waiting.answer()
        await caller.until(5)
        await until(lambda: any(isinstance(each, CallerAudio) for each in waiting.events))
        assert waiting.events[0] == LegAnswered(8_000)
        waiting.leg.hang_up()
        await waiting.is_over.wait()
        await sipp.succeeds()


@needs_sipp
async def test_leaving_hangs_up(tmp_path: Path) -> None:
    async with receiver() as receiving, AsyncExitStack() as outside:
        async with answering(receiving.url) as box:
            sipp = Sipp("waits_for_bye", box.sip_port, tmp_path)
            await outside.enter_async_context(sipp)
            waiting = await box.calls.next()
            waiting.answer()
            await until(lambda: bool(waiting.events))
        assert waiting.is_over.is_set()
        await sipp.succeeds()


async def test_leaving_refuses_who_still_waits_and_leaves_nothing_behind() -> None:
    async with receiver() as receiving:
        answers = asyncio.Event()

        async def hesitate(_: object) -> None:
            await answers.wait()

        receiving.on_received = hesitate
        async with answering(receiving.url) as box, SipSocket(box.sip_port) as peer:
            peer.send(peer.request("INVITE", "c1", body=SDP))
            waiting = await box.calls.next()
            await receiving.until(1)
        answers.set()
        assert waiting.is_over.is_set()
        assert box.left_behind == []


async def test_leaving_gives_up_a_call_whose_end_nobody_takes_note_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look_away(_: Waiting) -> None:
        pass

    monkeypatch.setattr(Waiting, "follow", look_away)
    async with receiver() as receiving:
        async with answering(receiving.url) as box, SipSocket(box.sip_port) as peer:
            peer.send(peer.request("INVITE", "c1", body=SDP))
            await box.calls.next()
        assert box.left_behind == []


async def test_it_says_where_it_is_and_how_many_calls_it_holds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, _ = rtp_ports("far end")
    with caplog.at_level(logging.INFO):
        async with answering("http://ada:pw@127.0.0.1:9/in?token=t", rtp_ports=(first, first + 11)):
            pass
    (line,) = [each for each in caplog.messages if "webhooks to" in each]
    assert line.endswith(", 3 calls at once, webhooks to http://127.0.0.1:9/in")


async def test_a_busy_sip_port_is_told() -> None:
    async with SipSocket(9) as taken:
        with pytest.raises(SipStartError, match=f"127.0.0.1:{taken.port}"):
            async with answering("http://127.0.0.1:9/", sip_port=taken.port):
                pass


async def test_a_call_that_fails_is_hung_up_and_harms_no_other(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Pending, __: str) -> None:
        raise RuntimeError("broken")

    async with (
        receiver() as receiving,
        answering(receiving.url) as box,
        SipSocket(box.sip_port) as peer,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(Pending, "decided", broken)
            peer.send(peer.request("INVITE", "c1", body=SDP))
            assert (await peer.response()).startswith("SIP/2.0 603 ")
        assert "leg c1 ! given up" in caplog.messages
        peer.send(peer.request("INVITE", "c2", body=SDP))
        assert await status_of(peer) == "180 Ringing"
