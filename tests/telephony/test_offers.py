"""Offers and answers with SIPp as the caller."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness import switchboard, told
from .sipp import Sipp, needs_sipp

pytestmark = needs_sipp


@pytest.mark.parametrize("scenario", ["holds_by_update", "holds_by_zero_address"])
async def test_a_caller_holds_comes_back_and_leaves(tmp_path: Path, scenario: str) -> None:
    async with switchboard() as board, Sipp(scenario, board.endpoint.port, tmp_path) as sipp:
        leg = await board.answered()
        await told(leg, "Held")
        await told(leg, "Resumed")
        assert (await told(leg, "Disconnected")).by_peer
        await sipp.succeeds()


async def test_a_caller_refreshes_the_call(tmp_path: Path) -> None:
    async with switchboard() as board, Sipp("refreshes", board.endpoint.port, tmp_path) as sipp:
        leg = await board.answered()
        assert (await told(leg, "Disconnected")).by_peer
        await sipp.succeeds()


async def test_a_caller_acknowledges_early_media(tmp_path: Path) -> None:
    async with (
        switchboard() as board,
        Sipp("acknowledges_progress", board.endpoint.port, tmp_path) as sipp,
    ):
        leg = await board.incoming.get()
        leg.progress(183)
        await told(leg, "MediaStarted")
        leg.answer()
        await told(leg, "Confirmed")
        assert (await told(leg, "Disconnected")).by_peer
        await sipp.succeeds()
