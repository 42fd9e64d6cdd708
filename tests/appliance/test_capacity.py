"""Four calls at once, a fifth refused; a flood of them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance

pytestmark = needs_sipp

FLOODED = 'sipagent_sip_refused_total{reason="flood"}'


async def test_four_calls_reach_the_agent_a_fifth_is_refused_then_a_new_one_answered(
    tmp_path: Path,
) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        async with AsyncExitStack() as stack:
            calls, peers = [], []
            for index in range(4):
                folder = tmp_path / f"call-{index}"
                folder.mkdir()
                peer = await stack.enter_async_context(RtpPeer())
                peers.append(peer)
                call = Sipp("waits_for_bye", running.sip_port, folder, rtp_port=peer.port)
                calls.append(await stack.enter_async_context(call))
            for peer in peers:
                await peer.until(50)
            assert len(endpoint.sessions) == 4
            async with Sipp("is_refused", running.sip_port, tmp_path, status=486) as fifth:
                await fifth.succeeds()
            status, body = await running.get("/readyz")
            assert (status, "all calls are in use" in body) == (503, True)
            for peer in peers:
                await peer.until(150)
            await running.hang_up(4)
            for call in calls:
                await call.succeeds()
            for peer in peers:
                assert is_whole(peer)
        assert await running.series('sipagent_sip_refused_total{reason="busy"}') == 1
        await running.until_records(4)
        async with Sipp("hangs_up", running.sip_port, tmp_path) as again:
            await again.succeeds()
        records = await running.until_records(5)
        assert {record["result"] for record in records} == {"completed"}


async def test_a_flood_of_invites_is_refused_and_the_line_goes_on(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
        RtpPeer() as peer,
    ):
        async with Sipp(
            "waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port
        ) as unharmed:
            await peer.until(20)
            flood(running.sip_port, 200)
            while await running.series(FLOODED) < 100:
                await asyncio.sleep(0.05)
            await peer.until(len(peer.packets) + 50)
            await running.hang_up(1)
            await unharmed.succeeds()
        assert is_whole(peer)


def is_whole(peer: RtpPeer) -> bool:
    """Tell whether a caller heard us without a hole."""
    return bool((np.diff([packet.timestamp for packet in peer.packets]) == 160).all())


def flood(port: int, count: int) -> None:
    """Send ``count`` INVITEs, each of another caller, to nobody we know."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
        scanner.bind(("127.0.0.1", 0))
        own = scanner.getsockname()[1]
        sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        sdp += "m=audio 10000 RTP/AVP 0\r\n"
        for number in range(count):
            text = (
                f"INVITE sip:nobody@127.0.0.1:{port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKflood{number}\r\n"
                f"From: <sip:scanner@127.0.0.1>;tag={number}\r\n"
                f"To: <sip:nobody@127.0.0.1>\r\nCall-ID: flood-{number}\r\nCSeq: 1 INVITE\r\n"
                f"Contact: <sip:scanner@127.0.0.1:{own}>\r\nMax-Forwards: 70\r\n"
                f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
            )
            scanner.sendto(text.encode(), ("127.0.0.1", port))
