"""REFER and 302, ours and the peer's (RFC 3515, RFC 3261 section 21.3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sipagent.errors import SipError
from sipagent.sip.events import ReferProgressed, ReferRequested
from sipagent.sip.pjlib import native
from sipagent.sip.states import LegState

from .datagrams import SDP, SipSocket, tag_of
from .harness import switchboard, told, until
from .sipp import Sipp, needs_sipp

TARGET = "sip:+4930123@example.org;user=phone"

T1_MS, TIMEOUT_MS = 500, 32_000
"""RFC 3261 section 17.1.1.1, as PJSIP has them."""


@pytest.fixture
def impatience() -> Iterator[None]:
    """Give up on an answer after a third of a second instead of 32."""
    native().pjsip_tsx_set_timers(20, 0, 0, 320)
    yield
    native().pjsip_tsx_set_timers(T1_MS, 0, 0, TIMEOUT_MS)


@needs_sipp
async def test_a_refer_is_refused_and_nobody_is_dialled(tmp_path: Path) -> None:
    async with switchboard() as board, SipSocket(0) as victim:
        target = f"sip:+90012345@127.0.0.1:{victim.port}"
        async with Sipp("refers", board.endpoint.port, tmp_path, status=603, target=target) as sipp:
            leg = await board.answered()
            assert await told(leg, "ReferRequested") == ReferRequested(target)
            assert board.endpoint.calls_in_use == 1
            leg.hang_up()
            await sipp.succeeds()
        assert victim.received.empty()


@pytest.mark.parametrize("headers", [(f"Refer-To: <{TARGET}>",), ()])
async def test_a_refer_outside_any_call_is_refused(headers: tuple[str, ...]) -> None:
    async with switchboard(follows_refer=True) as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("REFER", "r1", headers=headers))
        assert (await peer.response()).startswith("SIP/2.0 603 ")
        assert board.endpoint.calls_in_use == 0


async def test_a_refer_before_the_answer_is_refused() -> None:
    async with switchboard(follows_refer=True) as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.progress(180)
        while not (ringing := await peer.received.get()).startswith("SIP/2.0 180 "):
            pass
        refer_to = (f"Refer-To: <{TARGET}>",)
        peer.send(peer.request("REFER", "c1", headers=refer_to, tag=tag_of(ringing), cseq=2))
        while "REFER" not in (answer := await peer.response()):
            pass
        assert answer.startswith("SIP/2.0 603 ")
        assert await told(leg, "ReferRequested") == ReferRequested(TARGET)


async def test_no_other_call_takes_one_over() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.answer()
        answer = await peer.response()
        peer.send(peer.request("ACK", "c1", tag=tag_of(answer)))
        await told(leg, "Confirmed")
        replaces = f"Replaces: c1;to-tag={tag_of(answer)};from-tag=1"
        peer.send(peer.request("INVITE", "theft", body=SDP, headers=(replaces,)))
        while "theft" not in (answer := await peer.response()):
            pass
        assert answer.startswith("SIP/2.0 403 ")
        assert board.endpoint.calls_in_use == 1
        assert leg.state is LegState.ANSWERED


@needs_sipp
@pytest.mark.parametrize("status", [200, 486])
async def test_the_peer_tells_how_our_refer_goes(tmp_path: Path, status: int) -> None:
    async with (
        switchboard() as board,
        Sipp("is_referred", board.endpoint.port, tmp_path, status=status, target=TARGET) as sipp,
    ):
        leg = await board.answered()
        leg.refer(TARGET)
        assert await told(leg, "ReferProgressed") == ReferProgressed(100, is_final=False)
        while not (event := await told(leg, "ReferProgressed")).is_final:
            pass
        assert event == ReferProgressed(status, is_final=True)
        leg.hang_up()
        await sipp.succeeds()


@needs_sipp
@pytest.mark.parametrize("status", [603, 405, 481])
async def test_a_refused_refer_is_told_as_final(tmp_path: Path, status: int) -> None:
    target = "tel:+4930123"
    async with (
        switchboard() as board,
        Sipp("refuses_refer", board.endpoint.port, tmp_path, status=status, target=target) as sipp,
    ):
        leg = await board.answered()
        leg.refer(target)
        assert await told(leg, "ReferProgressed") == ReferProgressed(status, is_final=True)
        leg.hang_up()
        await sipp.succeeds()


@needs_sipp
async def test_a_refer_nobody_answers_is_told_as_final(tmp_path: Path, impatience: None) -> None:
    async with (
        switchboard() as board,
        Sipp("ignores_refer", board.endpoint.port, tmp_path, target=TARGET) as sipp,
    ):
        leg = await board.answered()
        leg.refer(TARGET)
        assert await told(leg, "ReferProgressed") == ReferProgressed(408, is_final=True)
        leg.hang_up()
        await sipp.succeeds()


@needs_sipp
async def test_a_second_refer_waits_for_the_end_of_the_first(tmp_path: Path) -> None:
    async with (
        switchboard() as board,
        Sipp("ignores_refer", board.endpoint.port, tmp_path, target=TARGET) as sipp,
    ):
        leg = await board.answered()
        leg.refer(TARGET)
        leg.refer("sip:elsewhere@example.org")
        assert await told(leg, "ReferProgressed") == ReferProgressed(491, is_final=True)
        leg.hang_up()
        await sipp.succeeds()


async def test_a_call_that_is_not_answered_cannot_be_referred() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.refer(TARGET)
        assert await told(leg, "ReferProgressed") == ReferProgressed(481, is_final=True)


async def test_what_is_no_uri_is_an_error_before_anything_is_sent() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        with pytest.raises(SipError, match="not a URI"):
            leg.refer("sip:x@example.org>\r\nX-Forged: 1")


@needs_sipp
async def test_a_caller_is_redirected(tmp_path: Path) -> None:
    async with (
        switchboard() as board,
        Sipp("is_redirected", board.endpoint.port, tmp_path, target=TARGET) as sipp,
    ):
        leg = await board.incoming.get()
        leg.reject(302, headers=[("Contact", f"<{TARGET}>")])
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (302, False)
        await sipp.succeeds()


@pytest.mark.parametrize("follows_refer", [False, True])
async def test_a_redirection_of_ours_is_the_end_of_the_call(follows_refer: bool) -> None:
    async with (
        switchboard(follows_refer=follows_refer) as board,
        SipSocket(0) as peer,
        SipSocket(0) as elsewhere,
    ):
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{peer.port}")
        invite = await peer.received.get()
        contact = f"<sip:bob@127.0.0.1:{elsewhere.port}>"
        peer.reply(invite, "302 Moved Temporarily", headers=(f"Contact: {contact}",))
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (302, True)
        await until(lambda: board.endpoint.calls_in_use == 0)
        assert elsewhere.received.empty()
