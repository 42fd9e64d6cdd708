"""SIP over TLS and audio over SRTP, against an endpoint of our own in another process."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from sipagent.audio.tones import tone
from sipagent.errors import SipStartError

from .certificates import Authority, Certificate, needs_openssl
from .datagrams import SDP, SipSocket
from .dialog import Dialog, sdp
from .far_end import far_end
from .harness import switchboard, told
from .sound import best_snr_db, hear
from .test_start import endpoint

pytestmark = needs_openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Certificate:
    return authority.issue("ours")


def tls(files: Certificate, ca: str, **more: Any) -> dict[str, Any]:
    """Return settings of an endpoint that speaks TLS alone."""
    names = {"certificate": files.certificate, "key": files.key, "ca": ca, "port": 0}
    return {"transports": ["tls"], "tls": names | more}


@pytest.mark.parametrize(
    ("theirs", "our_mode", "srtp"),
    [
        ("required", "required", "SDES"),
        ("optional", "required", "SDES"),
        ("optional", "optional", "SDES"),
        ("off", "optional", ""),
    ],
)
async def test_sound_goes_both_ways_over_tls(
    theirs: str, our_mode: str, srtp: str, authority: Authority, ours: Certificate
) -> None:
    line = tls(ours, authority.ca)
    async with (
        far_end("echoes", srtp={"mode": theirs}, **line) as uri,
        switchboard(srtp={"mode": our_mode}, **line) as board,
    ):
        leg = await board.endpoint.dial(f"{uri};transport=tls")
        assert leg.invite.transport == "tls"
        assert (await told(leg, "MediaStarted")).srtp == srtp
        assert leg.media is not None
        leg.media.push("tone", tone(425, 1_500, 8_000))  # far more than is listened to
        leg.media.finish("tone")
        assert best_snr_db(await hear(leg, voiced_frames=27), 8_000, 425) > 25
        leg.hang_up()
        await told(leg, "Disconnected")


async def options(port: int, context: ssl.SSLContext) -> str:
    """Return what an endpoint says to OPTIONS over TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        via = "Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK1;rport"
        ends = ("From: <sip:ada@127.0.0.1>;tag=1", "To: <sip:agent@127.0.0.1>")
        rest = ("Call-ID: o1", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0")
        lines = (f"OPTIONS sip:agent@127.0.0.1:{port} SIP/2.0", via, *ends, *rest)
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return (await reader.readline()).decode()
    finally:
        writer.close()


async def test_who_shows_a_certificate_is_heard_and_who_does_not_is_not(
    authority: Authority, ours: Certificate
) -> None:
    async with switchboard(**tls(ours, authority.ca, verify_client=True)) as board:
        peer = ssl.create_default_context(cafile=authority.ca)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            assert not await options(board.endpoint.tls_port, peer)
        peer.load_cert_chain(ours.certificate, ours.key)
        assert await options(board.endpoint.tls_port, peer) == "SIP/2.0 200 OK\r\n"


async def test_a_server_of_another_root_is_not_called(
    authority: Authority, ours: Certificate, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    async with (
        far_end("answers", **tls(ours, authority.ca)) as uri,
        switchboard(**tls(ours, stranger.ca)) as board,
    ):
        leg = await board.endpoint.dial(f"{uri};transport=tls")
        end = await told(leg, "Disconnected")
        assert (end.status, "certificate" in end.reason) == (503, True)


async def test_an_expired_certificate_is_named_at_start(authority: Authority) -> None:
    old = authority.issue("old", has_expired=True)
    with pytest.raises(SipStartError, match=f"^sip.tls.certificate: {old.certificate} has expired"):
        await endpoint(**tls(old, authority.ca)).start()


async def test_a_busy_port_of_tls_is_named(authority: Authority, ours: Certificate) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SipStartError, match=f"{port}.*Address already in use"):
            await endpoint(**tls(ours, authority.ca, port=port)).start()


async def test_plain_audio_is_refused_where_encryption_is_required(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        switchboard(srtp={"mode": "required"}) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 488 ")
        refusal = await board.refusals.get()
        assert refusal.status == 488
        assert "plain_audio" in refusal.findings
    assert "sip.srtp without TLS" in caplog.text


@pytest.mark.parametrize(
    ("mode", "taken", "findings"), [("off", "AVP", ()), ("optional", "SAVP", ("srtp_without_tls",))]
)
async def test_of_an_offer_of_plain_and_encrypted_audio_one_is_answered_and_judged(
    mode: str, taken: str, findings: tuple[str, ...]
) -> None:
    key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
    events = "a=rtpmap:101 telephone-event/8000"
    offer = sdp("c=IN IP4 127.0.0.1", events, formats="0 101")
    offer += f"m=audio 10002 RTP/SAVP 0 101\r\nc=IN IP4 127.0.0.1\r\n{events}\r\n{key}\r\n"
    async with switchboard(srtp={"mode": mode}) as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", offer)
        leg = await board.incoming.get()
        leg.answer()
        answer = await caller.accepted()
        lines = [line.split() for line in answer.splitlines() if line.startswith("m=audio")]
        assert [words[2] for words in lines if words[1] != "0"] == [f"RTP/{taken}"]
        assert leg.invite.findings == findings
        await told(leg, "Confirmed")
        await caller.let_go(leg)
