"""What peers send that they should not: each call ends, and ``switchboard`` finds nothing left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sipagent.sip.call import SipCall

from .datagrams import SDP, SipSocket
from .dialog import Dialog, direction, sdp
from .harness import Switchboard, switchboard, told


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Switchboard, Dialog, SipCall]]:
    """Yield a call that is answered; afterwards it must be there still, and is hung up."""
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        media = leg.media
        yield board, caller, leg
        assert direction(await caller.offers(sdp(version=99))) == "sendrecv"
        assert leg.media is media and board.incoming.empty()
        await caller.let_go(leg)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(
    "body",
    ["garbage", sdp(formats="18"), sdp(port=0), SDP.replace("m=audio", "m=video"), SDP[:60]],
    ids=["no SDP", "no codec", "switched off", "no audio", "cut off"],
)
async def test_an_offer_that_cannot_be_taken_changes_nothing(method: str, body: str) -> None:
    async with talking() as (_, caller, leg):
        caller.send(method, body)
        refusal = await caller.response(method)
        assert refusal.startswith(("SIP/2.0 4", "SIP/2.0 500"))  # 500: PJSIP's "no codec"
        if method == "INVITE":
            caller.send("ACK")
        assert leg.events.empty()


async def test_offers_of_much_media_end_nobody() -> None:
    much = sdp(version=2) + "m=audio 10002 RTP/AVP 0\r\n" * 15
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        for number in range(8):
            peer.send(peer.request("INVITE", f"much{number}", body=much))
            assert (await peer.response()).startswith("SIP/2.0 488 ")
        caller = Dialog(peer)
        leg = await caller.answered(board)
        for method in ("INVITE", "UPDATE") * 4:
            caller.send(method, much)
            assert (await caller.response(method)).startswith("SIP/2.0 488 ")
            if method == "INVITE":
                caller.send("ACK")
        assert direction(await caller.offers(sdp(version=3))) == "sendrecv"
        await caller.let_go(leg)


@pytest.mark.parametrize(
    ("usual", "odd"), [(b";tag=", b";TAG="), (b"Call-ID:", b"Call-ID: another\r\nCall-ID:")]
)
async def test_offers_that_come_too_fast_are_refused_however_they_are_written(
    usual: bytes, odd: bytes
) -> None:
    more = sdp(version=2) + "m=audio 10002 RTP/AVP 0\r\n" * 3
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        statuses = []
        for cseq in range(2, 14):
            body = more if cseq % 2 else sdp(version=cseq)
            offer = peer.request("INVITE", "c1", body=body, tag=caller.tag, cseq=cseq)
            peer.send(offer.replace(usual, odd))
            caller.cseq = cseq
            statuses.append((await caller.response("INVITE"))[8:11])
            caller.send("ACK")
        assert "503" in statuses
        await caller.let_go(leg)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("SUBSCRIBE", 489),
        ("NOTIFY", 489),
        ("PUBLISH", 405),
        ("NONSENSE", 405),
        ("MESSAGE", 405),
        ("REGISTER", 405),
    ],
)
async def test_what_is_nothing_of_a_calls_is_refused(method: str, status: int) -> None:
    async with talking() as (_, caller, leg):
        caller.send(method, headers=("Event: presence",))
        answer = await caller.response(method)
        assert answer.startswith(f"SIP/2.0 {status} ")
        assert ("\r\nAllow: " in answer) is (status == 405)
        assert leg.events.empty()


async def test_news_of_no_transfer_of_ours_is_refused() -> None:
    async with talking() as (_, caller, leg):
        state = ("Event: refer", "Subscription-State: active;expires=60")
        caller.send("NOTIFY", headers=(*state, "Content-Type: message/sipfrag"))
        assert (await caller.response("NOTIFY")).startswith("SIP/2.0 481 ")
        assert leg.events.empty()


async def test_an_old_cseq_is_refused() -> None:
    async with talking() as (_, caller, _leg):
        await caller.offers(sdp(version=2))
        caller.send("INFO", cseq=1)
        assert (await caller.response("INFO")).startswith("SIP/2.0 500")
        caller.cseq = 2


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "PRACK", "INFO", "REFER"])
async def test_a_dialog_nobody_knows_is_no_call(method: str) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        stranger = Dialog(peer, "never")
        stranger.tag = "nobody"
        stranger.send(method, sdp() if method == "INVITE" else "", headers=("Refer-To: <sip:x@y>",))
        assert (await stranger.response(method)).startswith("SIP/2.0 481")
        assert board.incoming.empty()


async def test_a_retransmitted_offer_has_one_answer() -> None:
    async with talking() as (_, caller, leg):
        caller.send("INVITE", sdp("a=sendonly", version=2))
        first = await caller.response("INVITE")
        for _ in range(2):
            caller.send("INVITE", sdp("a=sendonly", version=2), cseq=caller.cseq)
            assert await caller.response("INVITE") == first
        caller.send("ACK")
        await told(leg, "Held")
        assert direction(await caller.offers(sdp(version=3))) == "sendrecv"
        await told(leg, "Resumed")
        assert leg.events.empty()


async def test_an_offer_during_an_offer_is_refused() -> None:
    async with talking() as (_, caller, _leg):
        caller.send("INVITE", sdp(version=2))
        await caller.response("INVITE")  # not acknowledged yet
        caller.send("INVITE", sdp(version=3))
        assert (await caller.response("INVITE")).startswith(("SIP/2.0 491", "SIP/2.0 500"))
        caller.send("ACK")
        caller.send("ACK", cseq=2)
        caller.cseq = 3


async def test_a_cancel_after_the_answer_comes_too_late() -> None:
    async with talking() as (_, caller, leg):
        caller.tag, tag = "", caller.tag
        caller.send("CANCEL", cseq=1)
        await caller.response("CANCEL")
        caller.tag = tag
        assert leg.events.empty()


async def test_both_sides_hang_up_at_once() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hang_up()
        ours = await caller.asked("BYE")
        caller.send("BYE")
        answer = await caller.response("BYE")
        assert answer.startswith(("SIP/2.0 200", "SIP/2.0 481"))
        peer.reply(ours, "200 OK")
        await told(leg, "Disconnected")
        assert leg.events.empty()
        caller.send("BYE", cseq=caller.cseq)  # its answer was lost
        assert await caller.response("BYE") == answer


async def test_a_caller_may_hang_up_with_an_offer_of_theirs_open() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        caller.send("INVITE", sdp("a=sendonly", version=2))
        await caller.response("INVITE")
        caller.send("BYE")
        assert (await caller.response("BYE")).startswith("SIP/2.0 200")
        assert (await told(leg, "Disconnected")).by_peer


async def test_a_caller_may_hang_up_with_an_offer_of_ours_open() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hold()
        ours = await caller.asked("INVITE")
        caller.send("BYE")
        assert (await caller.response("BYE")).startswith("SIP/2.0 200")
        peer.reply(ours, "487 Request Terminated")
        end = await told(leg, "Disconnected")
        assert end.by_peer


async def test_a_caller_may_hang_up_before_the_ack() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        leg = await board.incoming.get()
        leg.answer()
        await caller.response("INVITE")
        caller.send("BYE")
        assert (await caller.response("BYE")).startswith("SIP/2.0 200")
        end = await told(leg, "Disconnected")
        assert (end.by_peer, end.status) == (True, 200)


async def test_an_ack_without_the_answer_it_owes_brings_no_media() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE")
        leg = await board.incoming.get()
        leg.answer()
        await caller.accepted()
        await told(leg, "Confirmed")
        assert leg.media is None
        await caller.let_go(leg)
