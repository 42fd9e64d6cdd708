from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.sip.call import SipCall
from sipagent.sip.events import Disconnected

from .datagrams import SDP, SipSocket
from .harness import switchboard, told, until
from .rtp import RtpPeer
from .sipp import Sipp, needs_sipp


async def ended(leg: SipCall) -> Disconnected:
    """Wait for the end of ``leg``."""
    event = await told(leg, "Disconnected")
    assert isinstance(event, Disconnected)
    return event


@needs_sipp
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_caller_hangs_up(tmp_path: Path, transport: str) -> None:
    async with switchboard() as board:
        async with Sipp("hangs_up", board.endpoint.port, tmp_path, transport=transport) as sipp:
            leg = await board.incoming.get()
            assert (leg.invite.called_user, leg.invite.caller_user) == ("agent", "+4915112")
            assert leg.invite.caller_name == "Ada L."
            assert ("X-Room", "7") in leg.invite.headers
            assert leg.invite.transport == transport
            assert leg.invite.offered_codecs == ("PCMU/8000",)
            leg.progress(180)
            leg.answer()
            started = await told(leg, "MediaStarted")
            assert (started.codec, started.rate_hz) == ("PCMU", 8_000)
            await told(leg, "Confirmed")
            assert board.endpoint.calls_in_use == 1
            end = await ended(leg)
            assert (end.status, end.by_peer) == (200, True)
            await sipp.succeeds()
        await until(lambda: board.endpoint.calls_in_use == 0)


@needs_sipp
async def test_we_hang_up_and_say_why(tmp_path: Path) -> None:
    async with switchboard() as board, Sipp("waits_for_bye", board.endpoint.port, tmp_path) as sipp:
        leg = await board.answered()
        leg.hang_up('Q.850;cause=16;text="bye"\r\nX-Forged: 1')
        end = await ended(leg)
        assert (end.status, end.by_peer) == (200, False)
        await sipp.succeeds()


@needs_sipp
async def test_commands_to_an_ended_leg_do_nothing(tmp_path: Path) -> None:
    async with switchboard() as board, Sipp("waits_for_bye", board.endpoint.port, tmp_path) as sipp:
        leg = await board.answered()
        leg.hang_up()
        leg.answer()
        leg.hang_up()
        await ended(leg)
        leg.answer()
        leg.reject(486)
        leg.hang_up()
        leg.refresh_stats()
        await board.endpoint.inventory()  # runs after those commands
        assert leg.events.empty()
        await sipp.succeeds()


@needs_sipp
async def test_an_invite_without_an_offer_is_answered_with_one(tmp_path: Path) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        port = board.endpoint.port
        async with Sipp("delayed_offer", port, tmp_path, rtp_port=caller.port) as sipp:
            leg = await board.incoming.get()
            assert not leg.invite.has_offer
            leg.answer()
            await told(leg, "MediaStarted")
            await caller.until(5)
            leg.hang_up()
            await sipp.succeeds()


@needs_sipp
async def test_a_cancelled_call_was_never_answered(tmp_path: Path) -> None:
    async with switchboard() as board, Sipp("cancels", board.endpoint.port, tmp_path) as sipp:
        leg = await board.incoming.get()
        leg.progress(180)
        end = await ended(leg)
        assert (end.status, end.by_peer) == (487, True)
        assert leg.media is None
        await sipp.succeeds()


async def test_a_retransmitted_invite_is_one_call() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        for _ in range(3):
            peer.send(peer.request("INVITE", "once", body=SDP))
        leg = await board.incoming.get()
        leg.reject(480, "Temporarily Unavailable", [("Retry-After", "5")])
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 480 Temporarily Unavailable")
        assert "Retry-After: 5" in answer
        await ended(leg)
        peer.send(peer.request("INVITE", "once", body=SDP))
        assert (await peer.response()).startswith("SIP/2.0 480")
        assert board.incoming.empty()


@needs_sipp
@pytest.mark.parametrize("scenario", ["holds", "goes_inactive"])
async def test_hold_pauses_what_we_play(tmp_path: Path, scenario: str) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        port = board.endpoint.port
        async with Sipp(scenario, port, tmp_path, rtp_port=caller.port, pause_ms=300) as sipp:
            leg = await board.incoming.get()
            leg.answer()
            await told(leg, "MediaStarted")
            media = leg.media
            await told(leg, "Held")
            await told(leg, "Resumed")
            before = len(caller.packets)
            await caller.until(before + 5)
            leg.hang_up()
            await ended(leg)
            await sipp.succeeds()
            assert leg.media is media


@needs_sipp
async def test_close_hangs_up_what_is_there(tmp_path: Path) -> None:
    async with switchboard() as board, Sipp("waits_for_bye", board.endpoint.port, tmp_path) as sipp:
        leg = await board.answered()
        await board.endpoint.close()
        assert (await ended(leg)).by_peer is False
        await sipp.succeeds()
