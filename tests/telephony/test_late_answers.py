"""Callees who answer more than once, some with what we cannot take: PJSUA would end the process."""

from __future__ import annotations

import pytest

from sipagent.sip.legs import UNUSABLE_ANSWER

from .datagrams import SipSocket
from .dialog import sdp
from .harness import switchboard, told

ODD = {
    "two sections": sdp() + "m=video 10002 RTP/AVP 96\r\n",
    "no audio": sdp().replace("audio 10000 RTP/AVP 0", "image 10000 udptl t38"),
    "no codec": sdp(formats="18"),
    "switched off": sdp(port=0),
    "no description": "v=0\r\n",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_answer_that_comes_after_one_that_cannot_be_taken_ends_nobody(odd: str) -> None:
    async with SipSocket(0) as callee, switchboard() as board:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{callee.port}")
        invite = await callee.received.get()
        callee.reply(invite, "183 Session Progress", body=odd)
        cancel = await callee.received.get()
        assert cancel.startswith("CANCEL ")
        answer = invite.replace("\r\nCall-ID:", "\r\nCall-ID: another\r\nCall-ID:")
        callee.reply(answer, "200 OK", body=sdp(version=2))
        callee.reply(cancel, "200 OK")
        came = {(message := await callee.received.get())[:3]: message for _ in range(2)}
        assert sorted(came) == ["ACK", "BYE"]
        callee.reply(came["BYE"], "200 OK")
        end = await told(leg, "Disconnected")
        assert (end.reason, end.is_media_fault, end.by_peer) == (UNUSABLE_ANSWER, True, False)
        assert leg.media is None


def tagged(invite: str, tag: str) -> str:
    """Return an INVITE whose answer has a tag of its own, or none."""
    to = next(line for line in invite.split("\r\n") if line.startswith("To:"))
    return invite.replace(to, f"{to};tag={tag}" if tag else f"{to};x;tag=")


@pytest.mark.parametrize(
    ("first", "second", "comes"),
    [("2", "2", ["ACK"]), ("2", "3", ["ACK", "BYE"]), ("", "", ["ACK"]), ("2", "", [])],
    ids=["the same", "a fork's", "of a callee without", "without a tag"],
)
async def test_a_call_that_is_answered_twice_goes_on(
    first: str, second: str, comes: list[str]
) -> None:
    async with SipSocket(0) as callee, switchboard() as board:
        leg = await board.endpoint.dial(f"sip:bob@127.0.0.1:{callee.port}")
        invite = await callee.received.get()
        callee.reply(tagged(invite, first), "200 OK", body=sdp())
        assert (await callee.received.get()).startswith("ACK ")
        await told(leg, "Confirmed")
        callee.reply(tagged(invite, second), "200 OK", body=sdp())
        came = [await callee.received.get() for _ in comes]
        assert sorted(each.split()[0] for each in came) == comes
        for bye in [each for each in came if each.startswith("BYE ")]:
            callee.reply(bye, "200 OK")
        leg.hang_up()
        bye = await callee.received.get()
        assert bye.startswith("BYE ")
        callee.reply(bye, "200 OK")
        await told(leg, "Disconnected")
