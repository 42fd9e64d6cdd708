"""A trunk over TLS: Kamailio registers us, challenges our calls, and calls us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .certificates import Authority, needs_openssl
from .datagrams import SDP, SipSocket
from .dialog import sdp
from .harness import Switchboard, switchboard, told
from .kamailio import Kamailio, account, kamailio, needs_kamailio, needs_kamailio_tls

pytestmark = [needs_openssl, needs_kamailio, needs_kamailio_tls]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def line(authority: Authority, ca: str, registrar: Kamailio) -> dict[str, Any]:
    """Return settings of an endpoint with a trunk over TLS, which trusts ``ca``."""
    ours = authority.issue("ours")
    files = {"certificate": ours.certificate, "key": ours.key, "ca": ca, "port": 0}
    trunk = account(registrar.port, registrar=registrar.uri("tls"))
    return {"transports": ["tls"], "tls": files, "trunks": [trunk], "nat": {"keep_alive_s": 1}}


async def test_a_trunk_over_tls_registers_is_called_and_calls(
    authority: Authority, tmp_path: Path
) -> None:
    async with (
        SipSocket(0) as callee,
        kamailio(
            tmp_path,
            far=f"sip:127.0.0.1:{callee.port}",
            certificate=authority.issue("registrar"),
        ) as registrar,
        switchboard(**line(authority, authority.ca, registrar)) as board,
        SipSocket(registrar.port) as caller,
    ):
        assert (await board.trunk_is("registered")).status == 200
        await is_called(board, caller)
        leg = await board.endpoint.dial("+4930555", trunk="provider")
        assert leg.invite.transport == "tls"
        while not (invite := await callee.received.get()).startswith("INVITE "):
            pass
        assert "\r\nVia: SIP/2.0/TLS " in invite
        callee.reply(invite, "200 OK", body=sdp())
        await told(leg, "Confirmed")
        leg.hang_up()
        await callee.agrees_to("BYE")
        await told(leg, "Disconnected")


async def is_called(board: Switchboard, caller: SipSocket) -> None:
    """Call the trunk's account at its registrar; it comes by the connection of the account."""
    caller.send(caller.request("INVITE", "c1", body=SDP, user="trunk1"))
    leg = await board.incoming.get()
    assert (leg.invite.transport, leg.invite.trunk) == ("tls", "provider")
    leg.reject(486)
    assert (await caller.response()).startswith("SIP/2.0 486 ")
    await told(leg, "Disconnected")


async def test_a_registrar_of_another_root_is_refused_and_the_reason_named(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Authority(tmp_path, "stranger")
    async with (
        kamailio(tmp_path, certificate=authority.issue("registrar")) as registrar,
        switchboard(**line(authority, stranger.ca, registrar)) as board,
    ):
        state = await board.trunk_is("failed")
        assert (state.status, "certificate" in state.reason) == (503, True)
    assert "trunk provider ! not registered: 503" in caplog.text
