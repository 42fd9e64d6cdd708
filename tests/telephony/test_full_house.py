"""As many calls as there may be: who comes in the moment that another leaves has its place."""

from __future__ import annotations

from contextlib import AsyncExitStack

from sipagent.sip.call import SipCall
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
