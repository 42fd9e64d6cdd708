from __future__ import annotations

import pytest

from sipagent.audio.tones import tone
from sipagent.errors import SipError
from sipagent.sip.leg_media import LegMedia

from .datagrams import SipSocket
from .far_end import far_end
from .harness import switchboard, told, until
from .sound import cleanest, hear


async def test_a_call_that_is_answered_and_hung_up_by_us() -> None:
    async with far_end("answers") as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri, from_user="test phone")
        assert leg.invite.sip_call_id
        await told(leg, "MediaStarted")
        await told(leg, "Confirmed")
        leg.hang_up()
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (200, False)
        await until(lambda: board.endpoint.calls_in_use == 0)


async def test_a_call_that_the_other_end_hangs_up() -> None:
    async with far_end("hangs up") as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri)
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (200, True)


async def test_a_call_ends_though_its_figures_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreadable(_: LegMedia) -> None:
        raise ValueError("no such figure")

    monkeypatch.setattr(LegMedia, "measure", unreadable)
    async with far_end("hangs up") as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri)
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (200, True)
        await until(lambda: board.endpoint.calls_in_use == 0)
    assert "no such figure" in caplog.text


@pytest.mark.parametrize(("mode", "status"), [("busy", 486), ("declines", 603)])
async def test_a_call_that_is_refused(mode: str, status: int) -> None:
    async with far_end(mode) as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri)
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (status, True)
        assert end.reason


async def test_early_media_is_heard_and_an_early_call_can_be_given_up() -> None:
    async with far_end("early media") as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri)
        assert (await told(leg, "Progressed")).status == 183
        await told(leg, "MediaStarted")
        await hear(leg, voiced_frames=20)
        leg.hang_up()
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (487, False)


@pytest.mark.parametrize(
    ("codec", "rate_hz", "freq_hz", "snr_db"),
    [("PCMA", 8_000, 425, 30.0), ("G722", 16_000, 425, 25.0), ("G722", 16_000, 5_600, 12.0)],
)
async def test_a_tone_comes_back_at_its_level(
    codec: str, rate_hz: int, freq_hz: int, snr_db: float
) -> None:
    async with far_end("echoes", codecs=[codec]) as uri, switchboard() as board:
        leg = await board.endpoint.dial(uri)
        started = await told(leg, "MediaStarted")
        assert (started.codec, started.rate_hz) == (codec, rate_hz)
        assert leg.media is not None
        assert leg.media.rate_hz == rate_hz
        leg.media.push("tone", tone(freq_hz, 1_000, rate_hz))
        leg.media.finish("tone")
        sound = await hear(leg, voiced_frames=30)  # two jitter buffers drop some
        snr, level_dbov = cleanest(sound, rate_hz, freq_hz)
        assert snr > snr_db
        assert level_dbov == pytest.approx(-12.0, abs=0.5)
        leg.hang_up()
        await told(leg, "Disconnected")


@pytest.mark.parametrize("uri", ["", "no uri", "http://example.org", "sip:", "sip:x@ y"])
async def test_what_is_no_sip_uri_is_an_error_at_once(uri: str) -> None:
    async with switchboard() as board:
        with pytest.raises(SipError, match="cannot call"):
            await board.endpoint.dial(uri)
        assert board.endpoint.calls_in_use == 0


async def test_a_host_without_an_address_ends_the_call_and_leaves_nothing_behind() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        leg = await board.endpoint.dial("sip:x@no..host")
        ended = await told(leg, "Disconnected")
        assert (ended.status, ended.reason) == (502, "no address was found")
        await until(lambda: board.endpoint.calls_in_use == 0)
        await board.endpoint.dial(f"sip:bob@127.0.0.1:{peer.port}")
        await peer.received.get()


async def test_our_invite_says_who_calls_and_forges_no_headers() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        leg = await board.endpoint.dial(
            f"sip:bob@127.0.0.1:{peer.port}",
            from_user="+4930 1",
            headers=[("X-Room", "7\r\nX-Forged: 1")],
        )
        invite = await peer.received.get()
        assert "\r\nX-Room: 7 X-Forged: 1\r\n" in invite
        assert "\r\nFrom: <sip:+4930%201@127.0.0.1>;tag=" in invite
        assert f"\r\nCall-ID: {leg.invite.sip_call_id}\r\n" in invite
        order = [line.split(" ")[3:] for line in invite.splitlines() if line.startswith("m=audio")]
        assert order[0][:3] == ["0", "8", "9"]


async def test_more_calls_than_the_library_holds_are_an_error() -> None:
    async with switchboard(max_calls=1) as board, SipSocket(0) as peer:
        uri = f"sip:bob@127.0.0.1:{peer.port}"
        await board.endpoint.dial(uri)
        with pytest.raises(SipError, match="cannot call"):
            await board.endpoint.dial(uri)


async def test_what_nobody_answers_ends_when_we_give_up() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{peer.port}")
        await peer.received.get()
        leg.hang_up()
        await board.endpoint.close()
        assert board.endpoint.calls_in_use == 0
