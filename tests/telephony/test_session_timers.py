"""Session timers (RFC 4028), both roles, as they are agreed on; see ``test_session_expiry``."""

from __future__ import annotations

import pytest

from .datagrams import SipSocket, tag_of
from .dialog import Dialog, sdp
from .harness import Switchboard, switchboard, told
from .rtp import RtpPeer


def header(message: str, name: str) -> str:
    """Return the value of a header, ``""`` if there is none."""
    found = [line for line in message.split("\r\n") if line.startswith(f"{name}: ")]
    return found[0].partition(": ")[2] if found else ""


async def call(board: Switchboard, caller: Dialog, *headers: str) -> str:
    """Call and be answered; return the 200."""
    caller.send("INVITE", sdp(), headers=headers)
    leg = await board.incoming.get()
    leg.answer()
    return await caller.accepted()


async def leave(caller: Dialog) -> None:
    """Hang up as the caller."""
    caller.send("BYE")
    assert (await caller.response("BYE")).startswith("SIP/2.0 200")


@pytest.mark.parametrize(
    ("mode", "asked", "agreed"),
    [
        ("optional", (), ""),
        ("optional", ("Supported: timer", "Session-Expires: 600"), "600;refresher=uac"),
        ("optional", ("Supported: timer", "Session-Expires: 600;refresher=uas"), "refresher=uas"),
        ("off", ("Supported: timer", "Session-Expires: 600"), ""),
        ("required", ("Supported: timer",), "1800;refresher=uas"),
        ("always", (), "1800;refresher=uas"),
    ],
)
async def test_who_refreshes_is_agreed_on(mode: str, asked: tuple[str, ...], agreed: str) -> None:
    async with (
        switchboard(session_timers={"mode": mode}) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        caller = Dialog(peer)
        said = header(await call(board, caller, *asked), "Session-Expires")
        assert said.endswith(agreed) and bool(said) is bool(agreed)
        await leave(caller)


async def test_an_interval_that_is_too_short_is_refused_with_ours() -> None:
    async with (
        switchboard(session_timers={"min_se_s": 300}) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(), headers=("Supported: timer", "Session-Expires: 120"))
        refusal = await caller.response("INVITE")
        assert refusal.startswith("SIP/2.0 422")
        assert header(refusal, "Min-SE") == "300"
        end = await told(await board.incoming.get(), "Disconnected")
        assert (end.status, end.by_peer) == (422, False)
        again = Dialog(peer, "c2")
        agreed = await call(board, again, "Supported: timer", "Session-Expires: 300")
        assert header(agreed, "Session-Expires") == "300;refresher=uac"
        await leave(again)


async def test_a_peer_without_timers_is_refused_where_they_are_required() -> None:
    async with (
        switchboard(session_timers={"mode": "required"}) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        assert (await caller.response("INVITE")).startswith("SIP/2.0 421")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_a_refresh_keeps_the_call_and_its_media(method: str) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        timer = ("Supported: timer", "Session-Expires: 90;refresher=uac")
        caller.send("INVITE", sdp(), headers=timer)
        leg = await board.incoming.get()
        leg.answer()
        await caller.accepted()
        await told(leg, "Confirmed")
        media = leg.media
        for _ in range(2):
            caller.send(method, sdp() if method == "INVITE" else "", headers=timer)
            response = await caller.response(method)
            assert response.startswith("SIP/2.0 200")
            assert header(response, "Session-Expires") == "90;refresher=uac"
            if method == "INVITE":
                caller.send("ACK")
        assert leg.events.empty() and leg.media is media
        await leave(caller)


async def test_our_interval_grows_when_the_callee_wants_a_longer_one() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{peer.port}")
        first = await peer.received.get()
        assert header(first, "Session-Expires") == "1800"
        peer.reply(first, "422 Session Interval Too Small", headers=("Min-SE: 2400",))
        while not (again := await peer.received.get()).startswith("INVITE"):
            pass
        assert (header(again, "Session-Expires"), header(again, "Min-SE")) == ("2400", "2400")
        agreed = ("Require: timer", "Session-Expires: 2400;refresher=uas")
        peer.reply(again, "200 OK", headers=agreed, body=sdp())
        await told(leg, "Confirmed")
        leg.hang_up()
        await peer.agrees_to("BYE")
        await told(leg, "Disconnected")


@pytest.mark.parametrize(
    ("prack", "headers", "is_reliable"),
    [
        ("supported", ("Supported: 100rel",), True),
        ("supported", (), False),
        ("off", ("Supported: 100rel",), False),
        ("off", ("Require: 100rel",), True),
    ],
)
async def test_provisional_responses_are_acknowledged(
    prack: str, headers: tuple[str, ...], is_reliable: bool
) -> None:
    async with switchboard(prack=prack) as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp(), headers=headers)
        leg = await board.incoming.get()
        leg.progress(183)
        while not (early := await peer.received.get()).startswith("SIP/2.0 183"):
            pass
        assert "m=audio" in early
        assert (header(early, "Require") == "100rel") is is_reliable
        caller.tag = tag_of(early)
        if is_reliable:
            caller.send("PRACK", headers=(f"RAck: {header(early, 'RSeq')} 1 INVITE",))
            assert (await caller.response("PRACK")).startswith("SIP/2.0 200")
        await told(leg, "MediaStarted")
        leg.answer()
        caller.cseq = 1
        await caller.accepted()
        await told(leg, "Confirmed")
        caller.cseq = 2
        await leave(caller)


async def test_without_an_offer_the_first_reliable_response_has_ours() -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", headers=("Supported: timer, 100rel",))
        leg = await board.incoming.get()
        leg.progress(180)  # without an offer, and would have to be reliable
        leg.progress(183)
        while (early := await peer.received.get()).startswith("SIP/2.0 100"):
            pass
        assert early.startswith("SIP/2.0 183") and "m=audio" in early
        assert header(early, "Require") == "100rel"
        caller.tag = tag_of(early)
        acknowledged = (f"RAck: {header(early, 'RSeq')} 1 INVITE",)
        caller.send("PRACK", sdp(port=phone.port), headers=acknowledged)
        await caller.response("PRACK")
        await phone.until(3)  # early media
        leg.answer()
        caller.cseq = 1
        assert "m=audio" not in await caller.accepted()
        await told(leg, "Confirmed")
        caller.cseq = 2
        await leave(caller)


async def test_or_the_answer_has_it_where_nothing_is_heard_before() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", headers=("Supported: 100rel",))
        leg = await board.incoming.get()
        leg.progress(180)
        leg.answer()
        while (answer := await peer.received.get()).startswith("SIP/2.0 100"):
            pass
        assert answer.startswith("SIP/2.0 200") and "m=audio" in answer
        caller.tag = tag_of(answer)
        caller.send("ACK", sdp())
        await told(leg, "Confirmed")
        await leave(caller)


async def test_a_reliable_response_is_sent_again_until_it_is_acknowledged() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp(), headers=("Supported: 100rel",))
        leg = await board.incoming.get()
        leg.progress(180)
        for _ in range(2):
            while not (ringing := await peer.received.get()).startswith("SIP/2.0 180"):
                pass
        caller.tag = tag_of(ringing)
        caller.send("PRACK", headers=(f"RAck: {header(ringing, 'RSeq')} 1 INVITE",))
        await caller.response("PRACK")
        leg.reject(480)
        caller.cseq = 1
        assert (await caller.response("INVITE")).startswith("SIP/2.0 480")
        caller.send("ACK")
        await told(leg, "Disconnected")


async def test_a_caller_without_prack_is_refused_where_it_is_required() -> None:
    async with (
        switchboard(prack="required") as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        assert (await caller.response("INVITE")).startswith("SIP/2.0 421")
