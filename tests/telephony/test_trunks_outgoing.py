from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.errors import SipError
from sipagent.sip.call import SipCall

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .far_end import far_end
from .harness import switchboard, told, until
from .kamailio import account, kamailio, needs_kamailio


@needs_kamailio
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_call_through_a_trunk_answers_the_proxys_challenge(
    tmp_path: Path, algorithm: str
) -> None:
    async with (
        far_end("answers") as far,
        kamailio(tmp_path, far=far, algorithm=algorithm) as proxy,
        switchboard(trunks=[account(proxy.port, register=False)]) as board,
    ):
        leg = await board.endpoint.dial("tel:+49-30-1234", trunk="provider")
        assert (leg.invite.called_user, leg.invite.caller_user) == ("+49301234", "trunk1")
        assert leg.invite.trunk == "provider"
        await told(leg, "Confirmed")
        leg.hang_up()
        await until(lambda: board.endpoint.calls_in_use == 0)


@needs_kamailio
async def test_a_wrong_password_ends_the_call_with_the_proxys_status(tmp_path: Path) -> None:
    async with (
        kamailio(tmp_path) as proxy,
        switchboard(trunks=[account(proxy.port, register=False, password="guess")]) as board,
    ):
        leg = await board.endpoint.dial("100", trunk="provider")
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (407, True)


async def test_from_names_the_account_and_the_outbound_proxy_gets_the_call() -> None:
    async with SipSocket(0) as peer:
        trunk = account(
            9, register=False, proxy=f"sip:127.0.0.1:{peer.port}", from_domain="home.example"
        )
        async with switchboard(trunks=[trunk | {"caller_id": "+4930555"}]) as board:
            await board.endpoint.dial("*12#", trunk="provider")
            invite = await peer.received.get()
            assert invite.startswith("INVITE sip:*12%23@127.0.0.1:9 SIP/2.0\r\n")
            assert f"\r\nRoute: <sip:127.0.0.1:{peer.port};lr>\r\n" in invite
            assert "\r\nFrom: <sip:+4930555@home.example>;tag=" in invite
            peer.reply(invite, "404 Not Found")
            await until(lambda: board.endpoint.calls_in_use == 0)


async def test_a_trunk_that_is_not_configured_cannot_be_called_through() -> None:
    async with switchboard() as board:
        with pytest.raises(SipError, match='there is no trunk "nobody"'):
            await board.endpoint.dial("100", trunk="nobody")


async def test_challenges_in_a_call_are_answered_too() -> None:
    wishes: dict[str, Callable[[SipCall], None]] = {
        "INVITE": lambda leg: leg.hold(),
        "INFO": lambda leg: leg.send_dtmf("5", "info"),
        "REFER": lambda leg: leg.refer("sip:bob@example.org"),
        "BYE": lambda leg: leg.hang_up(),
    }
    async with (
        SipSocket(0) as peer,
        switchboard(trunks=[account(peer.port, register=False)]) as board,
    ):
        leg = await board.endpoint.dial("100", trunk="provider")
        caller = Dialog(peer)
        peer.reply(await caller.asked("INVITE"), "200 OK", body=sdp())
        await told(leg, "Confirmed")
        for method, wish in wishes.items():
            wish(leg)
            nonce = f'Proxy-Authenticate: Digest realm="x", nonce="{method}", qop="auth"'
            asked = await caller.asked(method)
            peer.reply(asked, "407 Proxy Authentication Required", headers=(nonce,))
            again = await caller.asked(method)
            assert f'nonce="{method}"' in again
            peer.reply(again, "200 OK", body=sdp("a=recvonly") if method == "INVITE" else "")
        names = []
        while not leg.events.empty() or "Disconnected" not in names:
            names.append(type(await leg.events.get()).__name__)
        assert "WeHeld" in names and "DigitsRefused" not in names
