"""Hold both ways (RFC 3264 section 8.4), by re-INVITE and by UPDATE."""

from __future__ import annotations

import pytest

from .datagrams import SipSocket
from .dialog import Dialog, direction, sdp
from .harness import switchboard, told, until

HELD = [
    ("a=sendonly", "recvonly"),
    ("a=inactive", "inactive"),
]


@pytest.mark.parametrize(("line", "answer"), HELD)
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_the_answer_to_a_hold_has_the_right_direction(
    method: str, line: str, answer: str
) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        offer = caller.offers if method == "INVITE" else caller.updates
        for version in (2, 3):  # held twice is held once
            assert direction(await offer(sdp(line, version=version))) == answer
        await told(leg, "Held")
        assert direction(await offer(sdp(version=4))) == "sendrecv"
        await told(leg, "Resumed")
        assert leg.events.empty()
        await caller.let_go(leg)


async def test_who_only_listens_is_played_to_and_not_waited_for() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        assert direction(await caller.offers(sdp("a=recvonly", version=2))) == "sendonly"
        await until(lambda: not leg.stats().is_peer_sending)
        assert direction(await caller.offers(sdp(version=3))) == "sendrecv"
        await until(lambda: leg.stats().is_peer_sending)
        assert leg.events.empty()  # no hold
        await caller.let_go(leg)


async def test_hold_by_the_address_zero() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        assert direction(await caller.offers(sdp(host="0.0.0.0", version=2))) == "recvonly"
        await told(leg, "Held")
        assert direction(await caller.offers(sdp(version=3))) == "sendrecv"
        await told(leg, "Resumed")
        await caller.let_go(leg)


async def test_a_caller_who_cannot_be_sent_to_any_more_is_not_held() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        await caller.offers(sdp(version=2).replace("c=IN IP4 127.0.0.1", "c=IN IP6 ::1"))
        leg.hold()
        assert (await told(leg, "HoldRefused")).status == 488
        await caller.offers(sdp(version=3))  # it can again
        leg.hold()
        peer.reply(await caller.asked("INVITE"), "200 OK", body=sdp("a=recvonly", version=4))
        await told(leg, "WeHeld")
        await caller.let_go(leg)


async def test_we_hold_the_caller_and_come_back() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hold()
        offer = await caller.asked("INVITE")
        assert direction(offer) == "sendonly"
        peer.reply(offer, "200 OK", body=sdp("a=recvonly", version=2))
        await told(leg, "WeHeld")
        leg.resume()
        await caller.asked("ACK")
        offer = await caller.asked("INVITE")
        assert direction(offer) == "sendrecv"
        peer.reply(offer, "200 OK", body=sdp(version=3))
        await told(leg, "WeResumed")
        await caller.let_go(leg)


async def test_offers_that_cross_are_both_refused_and_ours_comes_again() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hold()
        ours = await caller.asked("INVITE")
        caller.send("INVITE", sdp("a=sendonly", version=2))
        assert (await caller.response("INVITE")).startswith("SIP/2.0 491")
        caller.send("ACK")
        peer.reply(ours, "491 Request Pending")
        await caller.asked("ACK")
        peer.reply(await caller.asked("INVITE"), "200 OK", body=sdp("a=recvonly", version=3))
        await told(leg, "WeHeld")
        await caller.let_go(leg)


async def test_a_peer_that_will_not_be_held_is_heard_as_before() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hold()
        peer.reply(await caller.asked("INVITE"), "488 Not Acceptable Here")
        refused = await told(leg, "HoldRefused")
        assert (refused.status, refused.was_hold) == (488, True)
        assert direction(await caller.offers(sdp(version=2))) == "sendrecv"
        await caller.let_go(leg)


async def test_nobody_is_held_before_the_answer() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        leg = await board.incoming.get()
        leg.hold()
        assert (await told(leg, "HoldRefused")).status == 481
        leg.reject(480)
        await told(leg, "Disconnected")


async def test_a_peer_that_knows_nothing_of_the_call_any_more_has_not_hung_up() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        leg = await caller.answered(board)
        leg.hold()
        peer.reply(await caller.asked("INVITE"), "481 Call/Transaction Does Not Exist")
        await caller.hung_up()
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (200, False)
