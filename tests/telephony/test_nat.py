"""Peers behind address translators, and what keeps their way to us open."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from typing import Any

from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.tones import tone
from tests.ports import rtp_ports

from .datagrams import SDP, SipSocket, tag_of
from .harness import switchboard, told, until
from .rtp import SAMPLES_PER_PACKET, RtpPeer, heard
from .sound import best_snr_db, hear
from .stun_server import stun_server


async def test_sound_goes_both_ways_though_the_offer_names_a_private_address() -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as peer,
        RtpPeer() as caller,
    ):
        behind = SDP.replace("IN IP4 127.0.0.1", "IN IP4 10.255.255.9")
        peer.send(peer.request("INVITE", "c1", body=behind))
        leg = await board.incoming.get()
        assert leg.invite.findings == ("private_address_in_sdp", "no_telephone_event")
        leg.answer()
        answer = await peer.response()
        port = audio_port(answer)
        peer.send(peer.request("ACK", "c1", tag=tag_of(answer)))
        sound = tone(425, 2_000, 8_000)
        packets = (
            pcm_to_pcmu(sound[start : start + SAMPLES_PER_PACKET])
            for start in range(0, len(sound), SAMPLES_PER_PACKET)
        )
        sending = asyncio.get_running_loop().create_task(
            caller.send(packets, ("127.0.0.1", port)), name="caller"
        )
        assert best_snr_db(await hear(leg, voiced_frames=15), 8_000, 425) > 25
        assert leg.media is not None
        leg.media.push("tone", tone(425, 400, 8_000))
        await caller.until(30)
        sending.cancel()
        assert best_snr_db(heard(caller.packets, pcmu_to_pcm), 8_000, 425) > 25
        leg.hang_up()
        await peer.agrees_to("BYE")


async def test_the_next_call_does_not_get_the_ports_of_the_last() -> None:
    first, _ = rtp_ports("switchboard")
    async with SipSocket(0) as carrier, AsyncExitStack() as ends:
        trunk = {"name": "carrier", "registrar": f"sip:127.0.0.1:{carrier.port}"}
        settings: dict[str, Any] = {
            "unknown_callers": "accept",
            "rtp_ports": (first, first + 31),
            "rtp_rest_s": 0.5,
            "trunks": [trunk],
        }
        board = await ends.enter_async_context(switchboard(**settings))
        peer = await ends.enter_async_context(SipSocket(board.endpoint.port))
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.answer()
        answer = await peer.response()
        used = audio_port(answer)
        peer.send(peer.request("ACK", "c1", tag=tag_of(answer)))
        await told(leg, "Confirmed")
        leg.hang_up()
        await peer.agrees_to("BYE")
        again = await board.endpoint.dial(f"sip:bob@127.0.0.1:{carrier.port}", trunk="carrier")
        invite = await carrier.received.get()
        assert audio_port(invite) == used + 2  # accounts begin alike
        carrier.reply(invite, "486 Busy Here")
        await told(again, "Disconnected")
        await until(lambda: is_free(used) and is_free(used + 1))


def audio_port(message: str) -> int:
    """Return where a peer is asked to send its audio."""
    port = re.search(r"\r\nm=audio (\d+) ", message)
    assert port is not None
    return int(port.group(1))


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def test_what_a_stun_server_sees_is_what_peers_are_told() -> None:
    async with AsyncExitStack() as ends:
        server = await ends.enter_async_context(stun_server("198.51.100.7"))
        board = await ends.enter_async_context(switchboard(nat={"stun_servers": [server]}))
        peer = await ends.enter_async_context(SipSocket(board.endpoint.port))
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.progress(183)
        answer = await peer.received.get()
        while not answer.startswith("SIP/2.0 183"):
            answer = await peer.received.get()
        assert "\r\nc=IN IP4 198.51.100.7\r\n" in answer
        assert f"@198.51.100.7:{board.endpoint.port}" in answer
        leg.reject(480)
        await told(leg, "Disconnected")


async def test_a_silent_connection_is_kept_open() -> None:
    async with switchboard(nat={"keep_alive_s": 1}) as board:
        reader, writer = await asyncio.open_connection("127.0.0.1", board.endpoint.port)
        assert await reader.readexactly(4) == b"\r\n\r\n"
        writer.close()
