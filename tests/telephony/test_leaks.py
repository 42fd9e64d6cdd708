from __future__ import annotations

import gc
from pathlib import Path

import pytest

from sipagent.sip.socket_budget import INVITES_PER_WINDOW, WINDOW_S

from .harness import Switchboard, becomes, gives_back, resources, switchboard, told, until
from .rtp import RtpPeer
from .sipp import Sipp, needs_sipp

CALLS, WARM_UP_CALLS = 200, 50
INVITES_PER_SECOND = int(INVITES_PER_WINDOW / WINDOW_S) - 1
"""As fast as they are let in, whoever sends them."""
GROWTH_KIB = 3_072
"""What 150 calls may add; memory is flat over 1,200."""


async def take_call(board: Switchboard) -> None:
    """Answer a call, let audio flow both ways, hang up."""
    leg = await board.answered()
    media = leg.media
    assert media is not None
    await until(lambda: min(media.frames_in, media.frames_out) >= 3)
    leg.hang_up()
    await told(leg, "Disconnected")


@needs_sipp
@pytest.mark.timeout(120)
async def test_two_hundred_calls_leave_nothing_behind(tmp_path: Path) -> None:
    async with switchboard(invites_per_source_per_s=1_000) as board, RtpPeer() as caller:
        async with Sipp(
            "waits_for_bye",
            *(board.endpoint.port, tmp_path),
            rtp_port=caller.port,
            calls=CALLS,
            per_second=INVITES_PER_SECOND,
        ) as sipp:
            for _ in range(WARM_UP_CALLS):
                await take_call(board)
                caller.packets.clear()
            gc.collect()
            held, before = await board.endpoint.inventory(), resources()
            for _ in range(CALLS - WARM_UP_CALLS):
                await take_call(board)
                caller.packets.clear()
            await sipp.succeeds()
        held |= {"legs": 0, "media_ports": 0, "pj_calls": 0}
        await becomes(board.endpoint.inventory, held)
        await gives_back(before)
        assert resources()["rss_kib"] - before["rss_kib"] < GROWTH_KIB
