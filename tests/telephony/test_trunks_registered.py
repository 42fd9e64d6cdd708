from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.sip.registration import TrunkState

from .datagrams import SDP, SipSocket
from .harness import switchboard, told
from .kamailio import account, kamailio, needs_kamailio

pytestmark = needs_kamailio


@pytest.mark.parametrize(("transport", "algorithm"), [("udp", "MD5"), ("tcp", "SHA-256")])
async def test_a_trunk_registers_and_leaves(tmp_path: Path, transport: str, algorithm: str) -> None:
    async with kamailio(tmp_path, algorithm=algorithm) as registrar:
        trunk = account(registrar.port, registrar=registrar.uri(transport))
        async with switchboard(trunks=[trunk]) as board:
            state = await board.trunk_is("registered")
            assert (state.name, state.status, state.expires_s) == ("provider", 200, 300)
            async with SipSocket(registrar.port) as caller:
                caller.send(caller.request("INVITE", "c1", body=SDP, user="trunk1"))
                leg = await board.incoming.get()
                assert leg.invite.called_user == "trunk1"
                assert ";line=" in leg.invite.called_uri
                board.endpoint.drain(30)
                await board.trunk_is("unregistered")
                caller.send(caller.request("INVITE", "c2", body=SDP, user="trunk1"))
                assert (await caller.response()).startswith("SIP/2.0 404 ")
                board.endpoint.undrain()
                await board.trunk_is("registered")
                caller.send(caller.request("INVITE", "c3", body=SDP, user="trunk1"))
                assert (await board.incoming.get()).invite.called_user == "trunk1"
                leg.hang_up()
                await told(leg, "Disconnected")


async def test_a_registration_is_renewed_in_time(tmp_path: Path) -> None:
    async with (
        kamailio(tmp_path, max_expires_s=6) as registrar,
        switchboard(trunks=[account(registrar.port)]) as board,
    ):
        assert (await board.trunk_is("registered")).expires_s == 6
        assert (await board.trunk_is("registered")).expires_s == 6
        board.endpoint.drain(30)
        await board.trunk_is("unregistered")


async def test_a_wrong_password_harms_no_other_account(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as registrar:
        trunks = [
            account(registrar.port),
            account(registrar.port, name="wrong", user="trunk3", password="guess"),
            account(registrar.port, name="apart", user="+49301", auth_user="trunk2"),
            account(registrar.port, name="static", register=False),
        ]
        trunks[2]["password"] = "secret of trunk2"
        async with switchboard(trunks=trunks) as board:
            states: dict[str, TrunkState] = {}
            while len(states) < 4:
                state = await board.trunks.get()
                if state.state not in {"unregistered", "registering"}:
                    states[state.name] = state
            assert states["provider"].state == states["apart"].state == "registered"
            assert states["static"].state == "static"
            wrong = states["wrong"]
            assert (wrong.state, wrong.status) == ("failed", 401)
            assert 15 <= wrong.retry_in_s <= 30
            async with SipSocket(registrar.port) as caller:
                caller.send(caller.request("INVITE", "c1", body=SDP, user="%2B49301"))
                invite = (await board.incoming.get()).invite
                assert (invite.called_user, invite.trunk) == ("+49301", "apart")
                board.endpoint.drain(1)


async def test_a_registrar_that_comes_back_has_us_again(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as registrar:
        trunk = account(registrar.port, registrar=registrar.uri("tcp"))
        async with switchboard(trunks=[trunk]) as board:
            await board.trunk_is("registered")
            await registrar.stop()
            lost = await board.trunk_is("failed")
            assert (lost.status, lost.reason) == (503, "the connection was closed")
            refused = await board.trunk_is("failed")
            assert refused.status == 503
            assert 1 <= refused.retry_in_s <= 2
            await registrar.start()
            await board.trunk_is("registered")
            await registrar.stop()
