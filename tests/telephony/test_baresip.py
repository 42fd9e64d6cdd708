"""A softphone that others wrote, over TLS and SRTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.audio.tones import tone

from .baresip import baresip, needs_baresip
from .certificates import Authority, needs_openssl
from .harness import switchboard, told
from .sound import best_snr_db, hear

pytestmark = [needs_baresip, needs_openssl]


@pytest.mark.parametrize(("theirs", "ours"), [("srtp-mand", "required"), ("srtp", "optional")])
async def test_a_softphone_calls_encrypted_and_both_hear_each_other(
    tmp_path: Path, theirs: str, ours: str
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("ours")
    names = {"certificate": files.certificate, "key": files.key, "ca": authority.ca, "port": 0}
    tls = names | {"verify_client": True}
    async with switchboard(transports=["tls"], tls=tls, srtp={"mode": ours}) as board:
        uri = f"sip:agent@127.0.0.1:{board.endpoint.tls_port};transport=tls"
        async with baresip(uri, tmp_path, authority, encryption=theirs) as softphone:
            leg = await board.incoming.get()
            assert (leg.invite.transport, leg.invite.caller_user) == ("tls", "ada")
            leg.answer()
            assert (await told(leg, "MediaStarted")).srtp == "SDES"
            await told(leg, "Confirmed")
            assert best_snr_db(await hear(leg, voiced_frames=20), 8_000, 425) > 25
            assert leg.media is not None
            leg.media.push("tone", tone(600, 500, 8_000))
            leg.media.finish("tone")
            await told(leg, "ItemPlayed")
            leg.hang_up()
            await told(leg, "Disconnected")
        assert best_snr_db(softphone.heard(), 8_000, 600) > 20


async def test_a_softphone_holds_and_comes_back(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("ours")
    tls = {"certificate": files.certificate, "key": files.key, "ca": authority.ca, "port": 0}
    async with switchboard(transports=["tls"], tls=tls, srtp={"mode": "required"}) as board:
        uri = f"sip:agent@127.0.0.1:{board.endpoint.tls_port};transport=tls"
        async with baresip(uri, tmp_path, authority, encryption="srtp-mand") as softphone:
            leg = await board.answered()
            softphone.type("x")
            await told(leg, "Held")
            softphone.type("X")
            await told(leg, "Resumed")
            assert best_snr_db(await hear(leg, voiced_frames=20), 8_000, 425) > 25
            leg.hang_up()
            await told(leg, "Disconnected")
