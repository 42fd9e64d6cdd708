"""Codecs and packets as a plan wants them, on the wire."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sipagent.audio.g711 import pcm_to_pcma, pcm_to_pcmu, pcma_to_pcm
from sipagent.sip.line import LineWishes

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import becomes, switchboard, told, until
from .rtp import Packet, RtpPeer
from .sound import hear

ALL = "0 8 9 101"
EVENTS = ("a=rtpmap:101 telephone-event/8000",)


def pace_ms(packets: list[Packet]) -> float:
    """Return the usual time between two packets."""
    return (packets[-1].at - packets[0].at) * 1000 / (len(packets) - 1)


def is_loud(packet: Packet) -> bool:
    """Tell whether a packet of PCMA is."""
    return bool(pcma_to_pcm(packet.payload).max() > 14_000)


def formats(message: str) -> str:
    """Return the payload types of the audio in ``message``."""
    line = next(text for text in message.splitlines() if text.startswith("m=audio"))
    return line.split(" ", 3)[3]


@pytest.mark.parametrize(
    ("wanted", "offered", "codec", "said"),
    [
        ((), "8 0 9 101", "PCMA", "8"),
        (("G722", "PCMA"), ALL, "G722", "9"),
        (("PCMA",), ALL, "PCMA", "8"),
        (("G722",), "0 101", "PCMU", "0"),
    ],
)
async def test_the_plans_codec_is_taken_if_it_was_offered(
    wanted: tuple[str, ...], offered: str, codec: str, said: str
) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp(*EVENTS, formats=offered))
        leg = await board.incoming.get()
        leg.wishes = LineWishes(wanted)
        leg.answer()
        answer = await caller.accepted()
        assert formats(answer).split()[0] == said
        assert len(formats(answer).split()) == 2, "and telephone events"
        assert (await told(leg, "MediaStarted")).codec == codec
        again = await caller.offers(sdp(*EVENTS, formats=offered, version=2))
        assert formats(again) == formats(answer)
        await caller.let_go(leg)


async def test_what_we_offer_starts_with_the_plans_codec() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        leg = await board.endpoint.dial(
            f"sip:bob@127.0.0.1:{peer.port}", wishes=LineWishes(("G722",), 30)
        )
        invite = await peer.received.get()
        assert formats(invite).split()[:3] == ["9", "0", "8"]
        assert "a=ptime:30\r\n" in invite
        peer.reply(invite, "486 Busy Here")
        await told(leg, "Disconnected")


async def test_a_delayed_offer_is_the_plans_and_may_come_without_early_media() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE")
        leg = await board.incoming.get()
        leg.wishes = LineWishes(("PCMA",))
        leg.progress(180)
        leg.answer()
        offer = await caller.response("INVITE")
        assert formats(offer).split()[:3] == ["8", "0", "9"]
        caller.send("ACK", sdp(formats="8"))
        assert (await told(leg, "MediaStarted")).codec == "PCMA"
        await caller.let_go(leg)


@pytest.mark.parametrize(
    ("wanted_ms", "asked", "sent_ms"),
    [
        (None, (), 20),
        (30, (), 30),
        (40, (), 40),
        (None, ("a=ptime:30",), 30),
        (40, ("a=ptime:20",), 20),
    ],
)
async def test_packets_hold_what_the_peer_asks_for_or_else_the_plan(
    wanted_ms: int | None, asked: tuple[str, ...], sent_ms: int
) -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(*asked, port=phone.port))
        leg = await board.incoming.get()
        leg.wishes = LineWishes(ptime_ms=wanted_ms)
        leg.answer()
        answer = await caller.accepted()
        assert (f"a=ptime:{wanted_ms}" in answer) is (wanted_ms is not None)
        packets = await phone.until(12)
        assert {len(packet.payload) for packet in packets} == {sent_ms * 8}
        stamps = [packet.timestamp for packet in packets]
        assert {(b - a) % 2**32 for a, b in pairwise(stamps)} == {sent_ms * 8}
        await until(lambda: pace_ms(phone.packets[-11:]) == pytest.approx(sent_ms, abs=4))
        await caller.let_go(leg)


async def test_another_codec_in_mid_call_is_heard_both_ways_and_all_packets_count() -> None:
    async with (
        switchboard(codecs=["PCMU", "PCMA"]) as board,
        SipSocket(board.endpoint.port) as peer,
        RtpPeer() as phone,
        RtpPeer() as elsewhere,
    ):
        caller = Dialog(peer)
        leg = await caller.answered(board, sdp(port=phone.port))
        media = leg.media
        assert media is not None
        to = await phone.destination()
        await phone.send(iter([pcm_to_pcmu(np.full(160, 32_000, np.int16))] * 3), to)
        await caller.offers(sdp(formats="8", port=elsewhere.port, version=2))
        assert (await told(leg, "CodecChanged")).codec == "PCMA"
        assert leg.media is media
        media.skip_inbound()
        low = pcm_to_pcma(np.full(160, -32_000, np.int16))
        await elsewhere.send(iter([low] * 6), to, payload_type=8)
        assert (await hear(leg, voiced_frames=4)).min() < -30_000
        media.push("tone", np.full(8_000, 16_000, np.int16))
        await until(lambda: any(is_loud(packet) for packet in elsewhere.packets))
        assert {packet.payload_type for packet in elsewhere.packets} == {8}

        async def packets_in() -> int:
            leg.refresh_stats()
            return leg.stats().packets_in

        await becomes(packets_in, 3 + 6)
        await caller.let_go(leg)
