"""Keys over a real leg: telephone events as peers send them and networks leave them, and INFO."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sipagent.sip.call import SipCall
from sipagent.sip.events import DtmfReceived
from sipagent.sip.info import InfoRead, read_info

from .datagrams import SDP, SipSocket, tag_of
from .harness import Switchboard, switchboard, told, until
from .rtp import Event, RtpPeer
from .sipp import Sipp, needs_sipp

LAST = "D"
"""Pressed after what is looked at, so that nothing needs to be waited for."""


async def keys(leg: SipCall) -> list[DtmfReceived]:
    """Return the keys told, up to ``LAST``."""
    found = []
    while (key := await told(leg, "DtmfReceived")).digit != LAST:
        found.append(key)
    return found


@asynccontextmanager
async def talking(
    folder: Path, *, offer: str = "0 101", event_type: int = 101
) -> AsyncIterator[tuple[SipCall, RtpPeer, tuple[str, int]]]:
    """Answer a caller who speaks RTP by hand."""
    async with (
        switchboard() as board,
        RtpPeer() as caller,
        Sipp(
            "waits_for_bye",
            board.endpoint.port,
            folder,
            rtp_port=caller.port,
            offer=offer,
            event_type=event_type,
        ) as sipp,
    ):
        leg = await board.answered()
        yield leg, caller, await caller.destination()
        leg.hang_up()
        await told(leg, "Disconnected")
        await sipp.succeeds()


def press(digit: str, *, after: int = 0, end: bool = True) -> list[Event]:
    """Return a press of 100 ms: five packets, and two more of its end."""
    steps = [Event(digit, 160 * n, after=after) for n in range(1, 5)]
    return steps + [Event(digit, 800, is_end=True, after=after)] * (3 * end)


ODDITIES = {
    "no marker": ("5", press("5")),
    "lost ends": ("55", press("5", end=False) + press("5", after=3200, end=False)),
    "a second press of which only the middle came": (
        "55",
        [*press("5")[:2], *press("5", after=3200)[2:5]],
    ),
    "an end alone": ("5", [Event("5", 800, is_end=True)] * 3),
    "the same key at once again": ("55", press("5") + press("5", after=960)),
    "copies": ("5", [Event("5", 160 * (n // 2 + 1), place=n // 2) for n in range(10)]),
    "another order": ("5", [Event("5", 160 * (n + 1), place=n) for n in (0, 2, 1, 4, 3)]),
    "an update that says less": (
        "5",
        [Event("5", duration) for duration in (160, 480, 320, 640, 480)],
    ),
    "a timestamp that advances": ("5", [Event("5", 160 * n, after=160 * n) for n in range(1, 6)]),
    "longer than its field": (
        "5",
        [Event("5", 65_375), Event("5", 65_535), *press("5", after=65_535)],
    ),
    "a flash": ("55", [*press("5"), Event("!", 160, after=1600), *press("5", after=3200)]),
}


@needs_sipp
async def test_each_press_is_told_once_whatever_came_of_its_packets(tmp_path: Path) -> None:
    async with talking(tmp_path) as (leg, caller, to):
        for name, (expected, events) in ODDITIES.items():
            await caller.send_events(events, to)
            await caller.press(LAST, to)
            found = await keys(leg)
            assert "".join(key.digit for key in found) == expected, name
            assert {key.method for key in found} == {"rfc4733"}


@needs_sipp
async def test_keys_come_between_audio_and_under_any_payload_type(tmp_path: Path) -> None:
    async with talking(tmp_path, offer="0 96", event_type=96) as (leg, caller, to):
        await caller.send_events(press("7"), to, payload_type=96, audio=b"\xff" * 160)
        await caller.send_events(press(LAST), to, payload_type=96)
        assert [key.digit for key in await keys(leg)] == ["7"]


BODIES = [
    ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", 200, ("5", 160)),
    ("application/dtmf-relay", "Signal=11\r\nDuration=250\r\n", 200, ("#", 250)),
    ("application/dtmf", "*", 200, ("*", 0)),
    ("application/dtmf-relay", "garbage", 400, None),
    ("application/media_control+xml", "<x/>", 415, None),
    ("", "", 200, None),
]


async def answered(board: Switchboard, peer: SipSocket) -> tuple[SipCall, str]:
    """Set up a call; return its leg and the endpoint's tag."""
    peer.send(peer.request("INVITE", "c1", body=SDP))
    leg = await board.incoming.get()
    leg.answer()
    tag = tag_of(await peer.response())
    peer.send(peer.request("ACK", "c1", tag=tag))
    await told(leg, "Confirmed")
    return leg, tag


async def test_info_tells_keys_in_both_bodies_and_others_are_refused_without_harm() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        leg, tag = await answered(board, peer)
        last = ("application/dtmf", LAST, 200, None)
        for cseq, (content_type, body, status, _) in enumerate([*BODIES, last], start=2):
            request = peer.request("INFO", "c1", tag=tag, cseq=cseq, body=body)
            sent = request.replace(b"application/sdp", content_type.encode())
            peer.send(sent)
            assert (await peer.response()).startswith(f"SIP/2.0 {status} "), body
        found = await keys(leg)
        expected = [key for *_, key in BODIES if key is not None]
        assert [(key.digit, key.duration_ms) for key in found] == expected
        assert {key.method for key in found} == {"info"}
        leg.hang_up()
        await peer.agrees_to("BYE")


async def test_an_info_sent_again_is_one_key() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        leg, tag = await answered(board, peer)
        request = peer.request("INFO", "c1", tag=tag, cseq=2, body="5")
        for _ in range(3):
            peer.send(request.replace(b"application/sdp", b"application/dtmf"))
            assert (await peer.response()).startswith("SIP/2.0 200")
        end = peer.request("INFO", "c1", tag=tag, cseq=3, body=LAST)
        peer.send(end.replace(b"application/sdp", b"application/dtmf"))
        assert [key.digit for key in await keys(leg)] == ["5"]
        leg.hang_up()
        await peer.agrees_to("BYE")


@needs_sipp
async def test_keys_of_ours_are_telephone_events(tmp_path: Path) -> None:
    async with talking(tmp_path) as (leg, caller, _):
        leg.send_dtmf("5#")
        await until(lambda: len(events_of(caller)) == 2)
        assert events_of(caller) == [5, 11]


def events_of(caller: RtpPeer) -> list[int]:
    """Return the event codes that came, each press once."""
    packets = [packet for packet in caller.packets if packet.payload_type == 101]
    return list({packet.timestamp: packet.payload[0] for packet in packets}.values())


async def test_keys_of_ours_may_be_info_and_a_peer_may_refuse_them() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        leg, _ = await answered(board, peer)
        for key, answer in (("7", "200 OK"), ("#", "415 Unsupported Media Type")):
            leg.send_dtmf(key, "info")
            while not (request := await peer.received.get()).startswith("INFO"):
                pass
            assert read_info(request) == InfoRead(200, key, 160)
            peer.reply(request, answer)
        assert (await told(leg, "DigitsRefused")).reason == "the far end answered 415"
        leg.send_dtmf("1", "rfc4733")  # its offer has no telephone events
        assert (await told(leg, "DigitsRefused")).reason
        leg.hang_up()
        await peer.agrees_to("BYE")
