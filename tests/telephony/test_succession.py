"""Legs that go on with somebody else: INVITE with Replaces (RFC 3891), REFER that is followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from sipagent.audio.tones import tone
from sipagent.sip.call import SipCall
from sipagent.sip.events import ReferRequested
from sipagent.sip.states import LegState

from .datagrams import SDP, SipSocket, tag_of
from .harness import Switchboard, becomes, switchboard, told, until
from .rtp import RtpPeer

PBX = {"name": "pbx", "allow": ["127.0.0.1/32"]}
LOUD = (b"\x10" * 20 + b"\x90" * 20) * 4
"""20 ms of 200 Hz in PCMU, 9,000 high."""


def offer(rtp: RtpPeer) -> str:
    return SDP.replace("10000", str(rtp.port))


def heard_by(rtp: RtpPeer) -> bool:
    """Tell whether something but silence reached a peer."""
    return any(len(set(packet.payload)) > 8 for packet in rtp.packets)


class Talk:
    """A leg in conversation with a peer written by hand."""

    def __init__(self, board: Switchboard, peer: SipSocket, leg: SipCall, tag: str) -> None:
        self.board, self.peer, self.leg, self.tag = board, peer, leg, tag

    def refer(self, target_uri: str, *, cseq: int = 2) -> None:
        headers = (f"Refer-To: <{target_uri}>",)
        self.peer.send(self.peer.request("REFER", "c1", headers=headers, tag=self.tag, cseq=cseq))

    async def is_told(self, text: str) -> None:
        """Wait for a NOTIFY with ``text``; requests are answered."""
        while text not in (message := await self.peer.received.get()):
            self.answer(message)
        self.answer(message)

    def answer(self, message: str) -> None:
        if not message.startswith("SIP/2.0"):
            self.peer.reply(message, "200 OK")

    async def talks_to(self, rtp: RtpPeer) -> None:
        """Wait until whoever has the leg hears and is heard at ``rtp``."""
        media = self.leg.media
        assert media is not None
        media.push("said", tone(425, 400, media.rate_hz))
        media.finish("said")
        await until(lambda: heard_by(rtp))
        source = rtp.packets[-1].source
        await media.next_frames()
        loud = False
        while not loud:
            await rtp.send(iter([LOUD] * 5), source)
            loud = any(np.abs(frame).max() > 5_000 for frame in await media.next_frames())

    async def leaves_one_leg(self) -> None:
        async def held() -> tuple[int, int, int]:
            counts = await self.board.endpoint.inventory()
            return counts["legs"], counts["media_ports"], counts["pj_calls"]

        await becomes(held, (1, 1, 1))


@asynccontextmanager
async def talk(rtp: RtpPeer, **settings: Any) -> AsyncIterator[Talk]:
    """Have a peer call us, and be answered."""
    async with switchboard(**settings) as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=offer(rtp)))
        leg = await board.incoming.get()
        leg.answer()
        tag = tag_of(await peer.response())
        peer.send(peer.request("ACK", "c1", tag=tag))
        await told(leg, "Confirmed")
        yield Talk(board, peer, leg, tag)


@pytest.mark.parametrize("settings", [{}, {"trunks": [PBX]}], ids=["no trunk", "trunk"])
async def test_a_call_with_replaces_goes_on_with_the_leg(settings: dict[str, Any]) -> None:
    async with RtpPeer() as first, RtpPeer() as second, talk(first, **settings) as old:
        leg = old.leg
        leg.accepts_replaces = True
        await old.talks_to(first)
        media = leg.media
        async with SipSocket(old.board.endpoint.port) as other:
            replaces = (f"Replaces: c1;to-tag={old.tag};from-tag=1",)
            other.send(
                other.request("INVITE", "c2", body=offer(second), headers=replaces, user="other")
            )
            answer = await other.response()
            assert answer.startswith("SIP/2.0 200 ")
            other.send(other.request("ACK", "c2", tag=tag_of(answer)))
            replaced = await told(leg, "PeerReplaced")
            assert replaced.invite.sip_call_id == leg.invite.sip_call_id == "c2"
            await old.is_told("BYE sip:")
            await old.talks_to(second)
            assert leg.media is media
            assert leg.state is LegState.ANSWERED
            await old.leaves_one_leg()
            assert old.board.incoming.empty()
            other.send(other.request("BYE", "c2", tag=tag_of(answer), cseq=2))
            end = await told_end(leg)
            assert end == (200, True)
            await until(lambda: old.board.endpoint.calls_in_use == 0)


async def told_end(leg: SipCall) -> tuple[int, bool]:
    """Wait for the end of a leg."""
    while type(event := await leg.events.get()).__name__ != "Disconnected":
        pass
    return event.status, event.by_peer  # type: ignore[union-attr]


@asynccontextmanager
async def referred(**settings: Any) -> AsyncIterator[tuple[Talk, SipSocket, str, RtpPeer]]:
    """Have a peer send us elsewhere; go on once the target rings."""
    async with (
        RtpPeer() as first,
        RtpPeer() as second,
        SipSocket(0) as target,
        talk(first, **settings) as old,
    ):
        uri = f"sip:bob@127.0.0.1:{target.port}"
        old.leg.follows = lambda asked: asked == uri
        await old.talks_to(first)
        old.refer(uri)
        await old.is_told("SIP/2.0 202 ")
        assert await told(old.leg, "ReferRequested") == ReferRequested(uri, is_followed=True)
        invite = await target.received.get()
        assert invite.startswith(f"INVITE {uri} ")
        target.reply(invite, "180 Ringing")
        yield old, target, invite, second


@pytest.mark.parametrize("settings", [{}, {"trunks": [PBX]}], ids=["no trunk", "trunk"])
async def test_a_refer_is_followed_and_the_leg_goes_on_there(settings: dict[str, Any]) -> None:
    async with referred(**settings) as (old, target, invite, second):
        target.reply(invite, "200 OK", body=offer(second))
        await told(old.leg, "PeerReplaced")
        await old.is_told("SIP/2.0 200")
        await old.is_told("BYE sip:")
        await old.talks_to(second)
        assert old.leg.state is LegState.ANSWERED
        await old.leaves_one_leg()
        old.leg.hang_up()
        await target.agrees_to("BYE")
        assert await told_end(old.leg) == (200, False)


async def test_who_sent_us_may_leave_before_the_target_answers() -> None:
    async with referred() as (old, target, invite, second):
        old.peer.send(old.peer.request("BYE", "c1", tag=old.tag, cseq=3))
        await told(old.leg, "PeerReplaced")
        target.reply(invite, "200 OK", body=offer(second))
        await old.talks_to(second)
        await old.leaves_one_leg()


async def test_a_target_that_is_busy_leaves_us_where_we_are() -> None:
    async with referred() as (old, target, invite, _):
        target.reply(invite, "486 Busy Here")
        await old.is_told("SIP/2.0 486")
        await old.leaves_one_leg()
        assert old.leg.state is LegState.ANSWERED
        old.leg.hang_up()
        await old.is_told("BYE sip:")
        assert await told_end(old.leg) == (200, False)


async def test_a_target_that_is_busy_ends_the_call_when_who_sent_us_has_left() -> None:
    async with referred() as (old, target, invite, _):
        old.peer.send(old.peer.request("BYE", "c1", tag=old.tag, cseq=3))
        await told(old.leg, "PeerReplaced")
        target.reply(invite, "486 Busy Here")
        assert await told_end(old.leg) == (486, True)
        await until(lambda: old.board.endpoint.calls_in_use == 0)


async def test_our_hang_up_leaves_nobody_ringing() -> None:
    async with referred() as (old, target, _, _), asyncio.TaskGroup() as tasks:
        tasks.create_task(target.agrees_to("CANCEL"))
        old.leg.hang_up()
        await old.is_told("BYE sip:")
        assert await told_end(old.leg) == (200, False)
        await until(lambda: old.board.endpoint.calls_in_use == 0)


async def test_a_second_refer_is_refused_while_the_first_is_under_way() -> None:
    async with referred() as (old, target, invite, second):
        old.leg.follows = lambda _: True
        uri = f"sip:eve@127.0.0.1:{target.port}"
        old.refer(uri, cseq=3)
        await old.is_told("SIP/2.0 603 ")
        assert await told(old.leg, "ReferRequested") == ReferRequested(uri)
        target.reply(invite, "200 OK", body=offer(second))
        await told(old.leg, "PeerReplaced")
        await old.is_told("BYE sip:")
        await old.leaves_one_leg()


async def test_a_call_with_replaces_gives_up_a_target_that_rings() -> None:
    async with referred() as (old, target, _, second), asyncio.TaskGroup() as tasks:
        old.leg.accepts_replaces = True
        tasks.create_task(target.agrees_to("CANCEL"))
        async with SipSocket(old.board.endpoint.port) as other:
            replaces = (f"Replaces: c1;to-tag={old.tag};from-tag=1",)
            other.send(other.request("INVITE", "c2", body=offer(second), headers=replaces))
            answer = await other.response()
            other.send(other.request("ACK", "c2", tag=tag_of(answer)))
            replaced = await told(old.leg, "PeerReplaced")
            assert replaced.invite.sip_call_id == "c2"
            await old.is_told("BYE sip:")
            await old.leaves_one_leg()
            old.leg.hang_up()
            await other.agrees_to("BYE")
            assert await told_end(old.leg) == (200, False)


@pytest.mark.parametrize("uri", ["sip:+900123@127.0.0.1", "tel:+4930"])
async def test_a_leg_goes_only_where_it_may(uri: str) -> None:
    async with RtpPeer() as rtp, talk(rtp) as old:
        old.leg.follows = lambda asked: asked == "sip:allowed@127.0.0.1"
        old.refer(uri)
        await old.is_told("SIP/2.0 603 ")
        assert await told(old.leg, "ReferRequested") == ReferRequested(uri)
        assert old.board.endpoint.calls_in_use == 1
