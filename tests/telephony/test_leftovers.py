from __future__ import annotations

import asyncio

from sipagent.leftovers import Leftovers

from .datagrams import SipSocket
from .dialog import Dialog
from .harness import switchboard


async def test_what_a_call_leaves_behind_is_reported_and_what_it_gave_back_is_not() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        leftovers = Leftovers(board.endpoint)
        await leftovers.begin()
        caller = Dialog(peer)
        leg = await caller.answered(board)
        forgotten = asyncio.get_running_loop().create_task(asyncio.sleep(60), name="forgotten")
        assert await leftovers.report() == {
            "legs": 1,
            "media_ports": 1,
            "pj_calls": 1,
            "conference_ports": 1,
            "task forgotten": 1,
        }
        forgotten.cancel()
        await caller.let_go(leg)
        assert await leftovers.report() == {}
