"""Foreign telephones that ask to take a call over (RFC 3891 section 3), most of them in vain."""

from __future__ import annotations

from typing import Any

from .datagrams import SDP, SipSocket
from .dialog import Dialog, direction, sdp
from .harness import switchboard

FRIEND, STRANGER = "127.0.0.2", "127.0.0.3"


class Taker:
    """A telephone that asks for the call of ``caller``, time and again."""

    def __init__(self, line: SipSocket, caller: Dialog) -> None:
        self._line, self._caller, self._count = line, caller, 0

    async def is_told(self, *headers: str) -> str:
        """Ask; return the status of the final answer, and see that it is acknowledged."""
        self._count += 1
        call_id = f"taker{self._count}"
        self._line.send(self._line.request("INVITE", call_id, body=SDP, headers=headers))
        answer = await self._line.response()
        tag = next(each for each in answer.split("\r\n") if each.startswith("To:"))
        self._line.send(
            self._line.request("ACK", call_id, tag=tag.partition(";tag=")[2]).replace(
                f"{call_id}ACK1".encode(), f"{call_id}INVITE1".encode()
            )
        )
        return answer[8:11]

    def replaces(self, *more: str, call_id: str = "c1", ours: str = "", theirs: str = "1") -> str:
        """Return Replaces: tags are those of whoever is asked, and of whom it talks to."""
        words = (call_id, f"to-tag={ours or self._caller.tag}", f"from-tag={theirs}", *more)
        return "Replaces: " + ";".join(words)


async def test_what_names_no_call_that_may_be_taken_over_changes_nothing() -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as line,
        SipSocket(board.endpoint.port) as other,
    ):
        caller = Dialog(line)
        leg = await caller.answered(board)
        leg.accepts_replaces = True
        taker = Taker(other, caller)
        for asked, status in (
            (taker.replaces(call_id="another"), "481"),
            (taker.replaces(ours="1", theirs=caller.tag), "481"),  # as the caller sees it
            (taker.replaces(theirs="2"), "481"),
            (taker.replaces("early-only"), "486"),  # it is answered
            ("Replaces: c1", "481"),
        ):
            assert await taker.is_told(asked) == status, asked
        assert await taker.is_told(taker.replaces(), taker.replaces(call_id="c2")) == "400"
        leg.accepts_replaces = False
        assert await taker.is_told(taker.replaces()) == "403"
        assert direction(await caller.offers(sdp(version=2))) == "sendrecv"
        assert board.incoming.empty()
        assert board.endpoint.calls_in_use == 1
        await caller.let_go(leg)


async def test_a_call_that_is_not_answered_yet_is_taken_over_by_nobody() -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as line,
        SipSocket(board.endpoint.port) as other,
    ):
        caller = Dialog(line)
        caller.send("INVITE", sdp())
        leg = await board.incoming.get()
        leg.accepts_replaces = True
        leg.progress(180)
        while not (ringing := await line.received.get()).startswith("SIP/2.0 180"):
            pass
        caller.tag = next(
            each for each in ringing.split("\r\n") if each.startswith("To:")
        ).partition(";tag=")[2]
        taker = Taker(other, caller)
        assert await taker.is_told(taker.replaces()) == "481"
        assert await taker.is_told(taker.replaces("early-only")) == "481"
        leg.answer()
        await caller.accepted()
        await caller.let_go(leg)


async def test_a_stranger_takes_no_call_over_whatever_it_knows_of_it() -> None:
    trunk: dict[str, Any] = {"name": "pbx", "allow": [f"{FRIEND}/32"]}
    async with (
        switchboard(trunks=[trunk], unknown_callers="refuse") as board,
        SipSocket(board.endpoint.port, FRIEND) as line,
        SipSocket(board.endpoint.port, STRANGER) as stranger,
        SipSocket(board.endpoint.port, FRIEND) as friend,
    ):
        caller = Dialog(line)
        leg = await caller.answered(board)
        leg.accepts_replaces = True
        asked = Taker(stranger, caller)
        assert await asked.is_told(asked.replaces()) == "403"
        assert (await board.refusals.get()).why == "unknown_source"
        taker = Taker(friend, caller)
        assert await taker.is_told(taker.replaces()) == "200"
        await caller.hung_up()
        leg.hang_up()
        while not (bye := await friend.received.get()).startswith("BYE"):
            pass
        friend.reply(bye, "200 OK")
