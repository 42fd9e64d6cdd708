"""SRTP keyed by DTLS (RFC 5763, RFC 5764): both ways, both roles, and peers that mean no good."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.tones import tone
from sipagent.sip.dtls_path import WRONG_CERTIFICATE
from sipagent.sip.dtls_sdp import IN_THE_CLEAR
from tests.ports import rtp_ports

from .baresip import baresip, needs_dtls
from .datagrams import SipSocket
from .dialog import Dialog, direction, sdp
from .dtls_peer import DtlsPeer
from .far_end import far_end
from .harness import Switchboard, switchboard, told, until
from .sound import best_snr_db, hear

REQUIRED: dict[str, Any] = {"mode": "required", "keying": ["dtls"]}
OTHERS = "sha-256 " + ":".join(["AB"] * 32)


def attributes(message: str) -> dict[str, str]:
    """Return the attributes of a description."""
    found = re.findall(r"^a=([\w-]+):?(.*?)\r?$", message, re.MULTILINE)
    return dict(found)


async def speak_and_hear(board: Switchboard, uri: str) -> str:
    """Call somebody who echoes; return how it was encrypted."""
    leg = await board.endpoint.dial(uri)
    started = await told(leg, "MediaStarted")
    assert leg.media is not None
    leg.media.push("tone", tone(425, 1_500, 8_000))  # far more than is listened to
    leg.media.finish("tone")
    assert best_snr_db(await hear(leg, voiced_frames=18), 8_000, 425) > 25
    leg.hang_up()
    await told(leg, "Disconnected")
    return str(started.srtp)


@pytest.mark.parametrize(
    ("ours", "theirs", "srtp"),
    [
        (("required", "dtls"), ("required", "dtls"), "DTLS"),
        (("optional", "dtls"), ("optional", "sdes", "dtls"), "DTLS"),
        (("optional", "dtls"), ("off", "sdes"), ""),
        (("required", "sdes", "dtls"), ("required", "dtls", "sdes"), "SDES"),
    ],
)
async def test_sound_goes_both_ways_as_both_ends_want_it(
    ours: tuple[str, ...], theirs: tuple[str, ...], srtp: str
) -> None:
    of_them = {"mode": theirs[0], "keying": theirs[1:]}
    of_us = {"mode": ours[0], "keying": ours[1:]}
    async with far_end("echoes", srtp=of_them) as uri, switchboard(srtp=of_us) as board:
        assert await speak_and_hear(board, uri) == srtp


@pytest.mark.parametrize("keying", ["dtls", "sdes"])
async def test_a_callee_that_encrypts_nothing_is_not_heard(keying: str) -> None:
    srtp = {"mode": "required", "keying": [keying, {"dtls": "sdes", "sdes": "dtls"}[keying]]}
    async with SipSocket(0) as callee, switchboard(srtp=srtp) as board:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{callee.port}")
        invite = await callee.received.get()
        assert {"dtls": "UDP/TLS/RTP/SAVP", "sdes": " RTP/SAVP"}[keying] in invite
        assert ("a=crypto" in invite) is (keying == "sdes")
        callee.reply(invite, "200 OK", body=sdp())
        await callee.agrees_to("BYE")
        end = await told(leg, "Disconnected")
        assert (end.reason, end.is_media_fault, leg.media) == (IN_THE_CLEAR, True, None)


@needs_dtls
@pytest.mark.parametrize("holds", [False, True])
async def test_a_softphone_calls_and_both_hear_each_other(tmp_path: Path, *, holds: bool) -> None:
    async with switchboard(srtp=REQUIRED) as board:
        uri = f"sip:agent@127.0.0.1:{board.endpoint.port}"
        async with baresip(uri, tmp_path, None, encryption="dtls_srtp") as softphone:
            leg = await board.incoming.get()
            leg.answer()
            assert (await told(leg, "MediaStarted")).srtp == "DTLS"
            await told(leg, "Confirmed")
            if holds:
                softphone.type("x")
                await told(leg, "Held")
                softphone.type("X")
                await told(leg, "Resumed")
            assert best_snr_db(await hear(leg, voiced_frames=20), 8_000, 425) > 25
            assert leg.media is not None
            leg.media.push("tone", tone(600, 500, 8_000))
            leg.media.finish("tone")
            await told(leg, "ItemPlayed")
            leg.hang_up()
            await told(leg, "Disconnected")
        assert holds or best_snr_db(softphone.heard(), 8_000, 600) > 20


@needs_dtls
async def test_a_softphone_is_called_and_heard(tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        baresip("", tmp_path, encryption="dtls_srtp", answers_at=port) as softphone,
        switchboard(srtp=REQUIRED) as board,
    ):
        await until(lambda: "baresip is ready" in softphone.output)
        leg = await board.endpoint.dial(f"sip:ada@127.0.0.1:{port}")
        assert (await told(leg, "MediaStarted")).srtp == "DTLS"
        assert best_snr_db(await hear(leg, voiced_frames=20), 8_000, 425) > 25
        leg.hang_up()
        await told(leg, "Disconnected")


async def test_what_the_keys_do_not_fit_is_not_heard() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        caller = Dialog(line)
        caller.send("INVITE", peer.description("actpass"))
        leg = await board.incoming.get()
        leg.answer()
        answer = await caller.accepted()
        assert attributes(answer)["setup"] == "active"
        await peer.agreed()
        await told(leg, "Confirmed")
        await peer.hears(3)
        good = peer.encrypted(peer.packet())
        peer.send(good, good, good)  # replayed
        peer.send(peer.packet(), b"", b"\x80", b"\x17" * 40, b"\x00\x01" * 10, b"\xff" * 1_600)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            first, _ = rtp_ports("switchboard")
            for port in range(first, first + 20):  # where PJSIP itself listens
                for _ in range(15):
                    stranger.sendto(peer.packet(), ("127.0.0.1", port))
            for _ in range(15):
                stranger.sendto(peer.packet(), peer.target)
        await peer.speaks(5)

        async def packets() -> int:
            leg.refresh_stats()
            await asyncio.sleep(0.02)
            return leg.stats().packets_in

        while (count := await packets()) < 6:
            pass
        assert count == 6
        assert leg.stats().rtp_source == leg.stats().rtp_target == f"127.0.0.1:{peer.port}"
        # Held and resumed by another offer: the same association, the same keys.
        held = await caller.offers(peer.description("actpass", "a=sendonly", version=2))
        assert (direction(held), attributes(held)["setup"]) == ("recvonly", "active")
        await told(leg, "Held")
        await caller.offers(peer.description("actpass", version=3))
        await told(leg, "Resumed")
        await peer.speaks(5)
        assert np.abs((await hear(leg, voiced_frames=3)).astype(int)).max() > 500
        assert peer.handshakes == 1
        # Plain audio is not gone back to.
        caller.send("INVITE", sdp(port=peer.port, version=4))
        assert (await caller.response("INVITE")).startswith("SIP/2.0 488")
        caller.send("ACK")
        # Another certificate is another association, in which we answer.
        peer.renew("client")
        peer.goes_to(await caller.offers(peer.description("active", version=5)))
        await peer.agreed(2)
        await peer.hears(3)
        await caller.let_go(leg)


async def test_a_certificate_that_is_another_s_ends_the_call() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        caller = Dialog(line)
        caller.send("INVITE", peer.description("passive", fingerprint=OTHERS))
        leg = await board.incoming.get()
        leg.answer()
        await caller.accepted()
        assert 'text="DTLS: the certificate' in await caller.hung_up()
        end = await told(leg, "Disconnected")
        assert (end.reason, end.is_media_fault, end.by_peer) == (WRONG_CERTIFICATE, True, False)
        assert leg.media is None


async def test_offers_that_are_plain_or_have_no_fingerprint_are_refused() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        without = peer.description("actpass", fingerprint="md5 AB:CD")
        foreign = peer.description("actpass").replace("SAVP 0 ", "SAVP 18 ")
        for at, body in enumerate((sdp(), without, foreign)):
            caller = Dialog(line, f"c{at}")
            caller.send("INVITE", body)
            assert (await caller.response("INVITE")).startswith("SIP/2.0 488")
            caller.send("ACK")
        assert "plain_audio" in (await board.refusals.get()).findings
        assert "encrypted_audio" in (await board.refusals.get()).findings
        assert "no_common_codec" in (await board.refusals.get()).findings


async def test_our_offer_in_an_answer_is_keyed_by_the_acknowledgement() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("client") as peer,
    ):
        caller = Dialog(line)
        caller.send("INVITE")
        leg = await board.incoming.get()
        leg.answer()
        offer = await caller.response("INVITE")
        assert "UDP/TLS/RTP/SAVP" in offer
        assert attributes(offer)["setup"] == "actpass"
        caller.send("ACK", peer.description("active"))
        peer.goes_to(offer)
        await peer.agreed()
        assert (await told(leg, "MediaStarted")).srtp == "DTLS"
        await peer.hears(3)
        await caller.let_go(leg)


@pytest.mark.parametrize(("role", "setup"), [("client", "active"), ("server", "passive")])
async def test_whom_we_call_is_heard_before_it_answers(role: Any, setup: str) -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(0) as callee,
        DtlsPeer(role) as peer,
    ):
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{callee.port}")
        invite = await callee.received.get()
        if role == "client":
            peer.goes_to(invite)  # its first flight is there before its answer
        early = peer.description(setup)
        callee.reply(invite, "183 Session Progress", body=early)
        await peer.agreed()
        await told(leg, "MediaStarted")
        await peer.speaks(5)
        assert np.abs((await hear(leg, voiced_frames=3)).astype(int)).max() > 500
        callee.reply(invite, "200 OK", body=early)
        await told(leg, "Confirmed")
        await peer.hears(3)
        peer.press(5)
        assert (await told(leg, "DtmfReceived")).digit == "5"
        leg.send_dtmf("7")
        assert await peer.pressed() == 7
        assert peer.handshakes == 1
        leg.hang_up()
        await callee.agrees_to("BYE")
        await told(leg, "Disconnected")


async def test_an_invite_that_is_given_up_leaves_nothing() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        caller = Dialog(line)
        caller.send("INVITE", peer.description("actpass"))
        leg = await board.incoming.get()
        caller.cancel()
        await told(leg, "Disconnected")
        await until(lambda: not len(board.endpoint._legs.relayed))


async def test_an_invite_whose_refusal_goes_nowhere_leaves_nothing() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        foreign = peer.description("actpass").replace("SAVP 0 ", "SAVP 18 ")
        line.send(
            line.request("INVITE", "c1", body=foreign).replace(b";rport", b";maddr=nowhere.invalid")
        )
        assert "no_common_codec" in (await board.refusals.get()).findings


async def test_an_invite_that_comes_by_two_ways_stays_encrypted() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        caller = Dialog(line)
        caller.send("INVITE", peer.description("actpass"))
        leg = await board.incoming.get()
        invite = line.request("INVITE", "c1", body=peer.description("actpass"))
        line.send(invite.replace(b"branch=", b"branch=z9hG4bKforked"))
        assert (await line.response()).startswith("SIP/2.0 482")
        leg.answer()
        assert "UDP/TLS/RTP/SAVP" in await caller.accepted()
        await peer.agreed()
        await told(leg, "Confirmed")
        await caller.let_go(leg)


def oddly(request: bytes) -> bytes:
    """Return a request that PJSIP reads as it was."""
    return request.replace(b";tag=", b";TAG=").replace(b"\r\n", b"\n")


async def test_no_way_of_writing_a_request_leads_past_the_encryption() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        caller = Dialog(line)
        caller.cseq = 1
        line.send(oddly(line.request("INVITE", "c1", body=peer.description("actpass"))))
        leg = await board.incoming.get()
        leg.answer()
        assert "UDP/TLS/RTP/SAVP" in await caller.accepted()
        await peer.agreed()
        await told(leg, "Confirmed")
        plain = sdp(port=peer.port, version=2)
        line.send(oddly(line.request("INVITE", "c1", body=plain, tag=caller.tag, cseq=2)))
        caller.cseq = 2
        assert (await caller.response("INVITE")).startswith("SIP/2.0 488")
        caller.send("ACK")
        await caller.let_go(leg)


async def test_an_invite_with_two_call_ids_is_refused_and_leaves_nothing() -> None:
    async with (
        switchboard(srtp=REQUIRED) as board,
        SipSocket(board.endpoint.port) as line,
        DtlsPeer("server") as peer,
    ):
        invite = line.request("INVITE", "c1", body=peer.description("actpass"))
        for written in (invite, oddly(invite)):
            line.send(written.replace(b"Call-ID:", b"i: another\nCall-ID:"))
            assert (await line.response()).startswith("SIP/2.0 400 ")
            refusal = await board.refusals.get()
            assert (refusal.status, refusal.why) == (400, "malformed")
        assert board.incoming.empty()


async def test_an_answer_in_the_clear_is_none_however_it_is_written() -> None:
    async with SipSocket(0) as callee, switchboard(srtp=REQUIRED) as board:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{callee.port}")
        invite = await callee.received.get()
        callee.reply(invite.replace(";tag=", ";TAG="), "200 OK", body=sdp())
        await callee.agrees_to("BYE")
        await told(leg, "Disconnected")
        assert leg.media is None
