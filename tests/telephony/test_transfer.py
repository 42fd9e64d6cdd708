"""REFERs that are followed, by an endpoint and by the test phone (RFC 3515, RFC 5589)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from sipagent.calls.phone import Phone
from sipagent.errors import SipError
from sipagent.sip.call import SipCall
from sipagent.sip.events import ReferRequested
from sipagent.sip.socket_budget import REFERS_PER_WINDOW
from sipagent.sip.states import LegState
from tests.ports import rtp_ports

from .datagrams import SDP, SipSocket, tag_of
from .far_end import far_end
from .harness import Switchboard, becomes, gives_back, resources, switchboard, told, until
from .rtp import TELEPHONE_EVENT, RtpPeer

UNREACHABLE = "sip:x@127.0.0.1;transport=tls"
"""There is no such transport."""

NOTHING = {"legs": 0, "media_ports": 0, "pj_calls": 0}


async def leaves_nothing(board: Switchboard) -> None:
    """Wait until no call holds anything."""

    async def held() -> dict[str, int]:
        inventory = await board.endpoint.inventory()
        return {name: inventory[name] for name in NOTHING}

    await becomes(held, NOTHING)


async def response_to(peer: SipSocket, method: str) -> str:
    while method not in (response := await peer.response()):
        pass
    return response


async def answered(board: Switchboard, peer: SipSocket) -> tuple[SipCall, str]:
    """Answer a call of ``peer``; return the leg and the tag of its dialog."""
    peer.send(peer.request("INVITE", "c1", body=SDP))
    leg = await board.incoming.get()
    leg.answer()
    tag = tag_of(await response_to(peer, "INVITE"))
    peer.send(peer.request("ACK", "c1", tag=tag))
    await told(leg, "Confirmed")
    return leg, tag


@asynccontextmanager
async def phone_sent(mode: str, target_mode: str, **settings: object) -> AsyncIterator[Phone]:
    """Call a far end that does ``mode`` with a far end that does ``target_mode``."""
    async with (
        far_end(target_mode, rtp_ports=rtp_ports("another far end"), **settings) as target,
        far_end(f"{mode} to {target}", codecs=["PCMU"]) as uri,
        switchboard(follows_refer=True) as board,
    ):
        async with Phone(board.endpoint, uri) as phone:
            await phone.until_answered()
            yield phone
        assert phone.transferred_to in ([], [target])
        await leaves_nothing(board)


@pytest.mark.parametrize("mode", ["refers", "refers and leaves"])
async def test_the_phone_goes_where_it_is_sent_and_talks_there(mode: str) -> None:
    async with phone_sent(mode, "echoes") as phone:
        await phone.until(lambda: len(phone.transferred_to) == 1)
        phone.say(np.full(8_000, 5_000, np.int16), 8_000)
        await phone.until(lambda: phone.ear.voiced_ms > 500)
        await phone.until_said()
        assert not phone.has_ended
    assert (phone.status, phone.ended_by_peer) == (200, False)


async def test_what_is_heard_keeps_its_rate_over_a_transfer() -> None:
    async with phone_sent("refers", "speaks", codecs=["G722"]) as phone:
        assert phone.rate_hz == 8_000
        await phone.until(lambda: phone.ear.voiced_ms >= 400)
        heard = phone.heard()
        assert phone.rate_hz == 8_000
        loud = np.flatnonzero(np.abs(heard.astype(int)) > 2_000)
        assert 0.3 < (loud[-1] - loud[0]) / 8_000 < 0.6


async def test_who_sent_us_away_is_not_heard_any_more() -> None:
    async with (
        far_end("answers", rtp_ports=rtp_ports("another far end")) as target,
        far_end(f"refers and talks to {target}") as uri,
        switchboard(follows_refer=True) as board,
        Phone(board.endpoint, uri) as phone,
    ):
        await phone.until(lambda: len(phone.transferred_to) == 1)
        before_ms = phone.ear.voiced_ms  # it talks at once, a busy machine may hear of it later
        await until(lambda: board.endpoint.calls_in_use == 1)  # it has talked and hung up
        assert not phone.has_ended
        assert phone.ear.voiced_ms == before_ms < 1_000


@pytest.mark.parametrize("mode", ["refers", "refers and leaves"])
async def test_the_end_of_the_new_leg_is_the_end_of_the_call(mode: str) -> None:
    async with phone_sent(mode, "hangs up") as phone:
        await phone.until_ended(10)
        assert (phone.status, phone.ended_by_peer) == (200, True)
        assert len(phone.transferred_to) == 1


async def test_a_target_that_refuses_leaves_the_phone_where_it_is() -> None:
    async with phone_sent("refers", "busy") as phone:
        await phone.until(lambda: phone.ear.voiced_ms >= 400)
        assert not phone.has_ended
        assert phone.transferred_to == []


async def test_a_target_that_refuses_is_the_end_when_who_sent_us_has_left() -> None:
    async with SipSocket(0) as target, switchboard(follows_refer=True) as board:
        sent_to = f"refers and leaves to sip:x@127.0.0.1:{target.port}"
        async with far_end(sent_to) as uri, Phone(board.endpoint, uri) as phone:
            invite = await target.received.get()
            await until(lambda: board.endpoint.calls_in_use == 1)
            assert not phone.has_ended
            target.reply(invite, "486 Busy Here")
            await phone.until_ended(10)
            assert (phone.status, phone.ended_by_peer) == (486, True)
            assert phone.transferred_to == []


async def test_a_phone_that_hangs_up_leaves_nobody_ringing() -> None:
    async with SipSocket(0) as silent, switchboard(follows_refer=True) as board:
        target = f"sip:x@127.0.0.1:{silent.port}"
        async with far_end(f"refers to {target}") as uri, asyncio.TaskGroup() as tasks:
            async with Phone(board.endpoint, uri) as phone:
                invite = await silent.received.get()
                silent.reply(invite, "180 Ringing")
                tasks.create_task(silent.agrees_to("CANCEL"))
                await phone.hang_up()
            assert (phone.status, phone.transferred_to) == (200, [])
            await leaves_nothing(board)


async def test_a_press_is_heard_as_telephone_events_with_pauses() -> None:
    async with (
        RtpPeer() as callee,
        SipSocket(0) as peer,
        switchboard() as board,
        asyncio.TaskGroup() as tasks,
        Phone(board.endpoint, f"sip:x@127.0.0.1:{peer.port}") as phone,
    ):
        invite = await peer.received.get()
        offer = SDP.replace("10000", str(callee.port)).replace("AVP 0", "AVP 0 101")
        peer.reply(invite, "200 OK", body=offer + "a=rtpmap:101 telephone-event/8000\r\n")
        await phone.until_answered()
        await phone.press("1,2#")
        events = {p.timestamp: p for p in callee.packets if p.payload_type == TELEPHONE_EVENT}
        assert [p.payload[0] for p in events.values()] == [1, 2, 11]
        first, second, third = sorted(events)
        assert 7_000 < second - first < 12_000
        assert third - second < 4_000
        tasks.create_task(peer.agrees_to("BYE"))


async def test_what_is_no_key_is_an_error_and_nothing_is_pressed() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        phone = Phone(board.endpoint, f"sip:x@127.0.0.1:{peer.port}")
        with pytest.raises(SipError, match="no key of a telephone: 'x'"):
            await phone.press("12x")


@pytest.mark.parametrize("target", ["tel:+4930123", "http://example.org", "nobody", ""])
async def test_a_refer_to_what_cannot_be_dialled_is_refused(target: str) -> None:
    async with switchboard(follows_refer=True) as board, SipSocket(board.endpoint.port) as peer:
        leg, tag = await answered(board, peer)
        peer.send(peer.request("REFER", "c1", headers=(f"Refer-To: <{target}>",), tag=tag, cseq=2))
        assert (await response_to(peer, "REFER")).startswith("SIP/2.0 603 ")
        is_uri = ":" in target
        assert await told(leg, "ReferRequested") == ReferRequested(target if is_uri else "")


async def test_a_leg_that_cannot_be_dialled_ends_at_once_and_the_peer_is_told() -> None:
    async with switchboard(follows_refer=True) as board, SipSocket(board.endpoint.port) as peer:
        leg, tag = await answered(board, peer)
        peer.send(
            peer.request("REFER", "c1", headers=(f"Refer-To: <{UNREACHABLE}>",), tag=tag, cseq=2)
        )
        transferred = await told(leg, "Transferred")
        assert transferred.target_uri == UNREACHABLE
        end = await transferred.leg.events.get()
        assert (end.status, end.by_peer) == (500, False)
        await until(lambda: board.endpoint.calls_in_use == 1)
        while "SIP/2.0 500" not in (notify := await peer.received.get()):
            if notify.startswith("NOTIFY"):
                peer.reply(notify, "200 OK")
        assert "Subscription-State: terminated" in notify
        assert leg.state is LegState.ANSWERED


async def test_transfers_leave_nothing_behind() -> None:
    async with (
        far_end("hangs up", rtp_ports=rtp_ports("another far end")) as target,
        far_end(f"refers to {target}") as uri,
        switchboard(follows_refer=True, rtp_rest_s=0) as board,
    ):
        for number in range(REFERS_PER_WINDOW):
            async with Phone(board.endpoint, uri) as phone:
                await phone.until_ended(10)
                assert phone.transferred_to == [target]
            await leaves_nothing(board)
            if number == 0:
                gc.collect()
                before = resources()
        await gives_back(before)


async def test_refers_that_come_too_fast_for_the_library_are_refused() -> None:
    async with switchboard(follows_refer=True) as board, SipSocket(board.endpoint.port) as peer:
        leg, tag = await answered(board, peer)
        statuses = []
        for number in range(REFERS_PER_WINDOW + 1):
            refer_to = (f"Refer-To: <{UNREACHABLE}>",)
            peer.send(peer.request("REFER", "c1", headers=refer_to, tag=tag, cseq=2 + number))
            statuses.append((await response_to(peer, f"CSeq: {2 + number} REFER"))[8:11])
        assert statuses == ["202"] * REFERS_PER_WINDOW + ["603"]
        assert leg.state is LegState.ANSWERED
