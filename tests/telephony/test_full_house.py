"""As many calls as there may be: who comes in the moment that another leaves has its place."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from sipagent.sip.call import SipCall
from sipagent.sip.events import (
    Disconnected,
    DtmfReceived,
    ReferProgressed,
    ReferRequested,
    SipEvent,
)
from sipagent.sip.states import LegState

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import Switchboard, becomes, switchboard, told

NEXT_CALLERS = 5


async def next_call(board: Switchboard, leaving: Dialog, coming: Dialog) -> SipCall:
    """Send a BYE, and another call's INVITE before anybody has read it; return the new leg."""
    leaving.send("BYE")
    coming.send("INVITE", sdp())
    leg = await board.incoming.get()
    leg.answer()
    await coming.accepted()
    await told(leg, "Confirmed")
    return leg


async def test_a_call_that_comes_as_another_ends_has_its_place_and_keeps_it() -> None:
    async with switchboard() as board, AsyncExitStack() as sockets:
        full = board.endpoint.call_limit
        up: list[tuple[Dialog, SipCall]] = []
        for number in range(full + NEXT_CALLERS):
            peer = await sockets.enter_async_context(SipSocket(board.endpoint.port))
            caller = Dialog(peer, f"c{number}")
            if number < full:
                up.append((caller, await caller.answered(board)))
                continue
            leaving, left = up.pop(0)
            up.append((caller, await next_call(board, leaving, caller)))
            assert (await told(left, "Disconnected")).by_peer
            assert (await leaving.response("BYE")).startswith("SIP/2.0 200")

        async def media() -> list[bool]:
            return [leg.media is not None for _, leg in up]

        await becomes(media, [True] * full)
        assert [leg.state for _, leg in up] == [LegState.ANSWERED] * full
        assert board.endpoint.calls_in_use == full
        for caller, leg in up:
            await caller.let_go(leg)


async def asked_to_call(board: Switchboard, caller: Dialog) -> SipCall:
    """Have a caller accept our REFER, and not say yet how it went; return its leg."""
    leg = await caller.answered(board)
    leg.refer("sip:carol@127.0.0.1:9")
    caller.peer.reply(await caller.asked("REFER"), "202 Accepted")
    return leg


async def heard(up: list[tuple[Dialog, SipCall]]) -> list[object]:
    """Let legs go; return which keys and REFERs they told of until then."""
    told_of: list[object] = []
    for caller, leg in up:
        leg.hang_up()
        await caller.hung_up()
        while not isinstance(event := await leg.events.get(), Disconnected):
            if isinstance(event, DtmfReceived | ReferRequested | ReferProgressed):
                told_of.append(event)
    return told_of


LATE: dict[str, tuple[tuple[str, ...], str]] = {
    "REFER": (("Refer-To: <sip:bob@127.0.0.1:9>",), ""),
    "INFO": (("c: application/dtmf-relay",), "Signal=1\r\nDuration=100\r\n"),
    "NOTIFY": (
        ("Event: refer", "Subscription-State: terminated", "c: message/sipfrag"),
        "SIP/2.0 200 OK\r\n",
    ),
}


@pytest.mark.parametrize("method", LATE)
async def test_what_comes_for_a_call_that_ended_is_not_taken_for_that_of_its_place(
    method: str,
) -> None:
    headers, body = LATE[method]
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as old,
        SipSocket(board.endpoint.port) as new,
    ):
        gone = Dialog(old, "gone")
        leg = await asked_to_call(board, gone)
        gone.send("BYE")
        await told(leg, "Disconnected")
        await gone.response("BYE")
        callers = [Dialog(new, f"c{number}") for number in range(board.endpoint.call_limit)]
        up = [(caller, await asked_to_call(board, caller)) for caller in callers]
        gone.send(method, body, headers=headers)
        assert (await gone.response(method)).startswith("SIP/2.0 481")
        assert await heard(up) == [ReferProgressed(100, is_final=False)] * len(up)


async def test_what_is_asked_of_a_call_in_the_moment_it_ends_ends_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        switchboard() as board,
        SipSocket(board.endpoint.port) as one,
        SipSocket(board.endpoint.port) as two,
    ):
        leaving, staying = Dialog(one, "leaving"), Dialog(two, "staying")
        left, stays = await leaving.answered(board), await staying.answered(board)
        tell = left.tell

        def ask_after(event: SipEvent) -> None:
            tell(event)
            if isinstance(event, Disconnected):  # before the leg is let go
                left.refresh_stats()
                left.send_dtmf("1")
                left.refer("sip:carol@127.0.0.1:9")
                stays.refer_to_peer_of(left)
                left.answer()
                left.hang_up()

        monkeypatch.setattr(left, "tell", ask_after)
        leaving.send("BYE")
        assert (await told(left, "Disconnected")).by_peer
        assert (await told(stays, "ReferProgressed")).status == 481
        await staying.let_go(stays)
