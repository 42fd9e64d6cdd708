"""Peers behind address translators, and what keeps their way to us open."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from typing import Any

from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.tones import tone

from .datagrams import SDP, SipSocket, tag_of
from .harness import switchboard, told, until
from .rtp import SAMPLES_PER_PACKET, RtpPeer, heard
from .sound import best_snr_db, hear


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
    async with SipSocket(0) as carrier, AsyncExitStack() as ends:
        trunk = {"name": "carrier", "registrar": f"sip:127.0.0.1:{carrier.port}"}
        settings: dict[str, Any] = {
            "rtp_ports": (45_100, 45_131),
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
