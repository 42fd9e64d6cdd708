"""The line of a target that talks to the caller through us."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sipagent.calls.line_guard import REASON, end_when_dead
from sipagent.sip.events import LineStats

from .leg import FarEnd


class Target(FarEnd):
    """A far end whose packets the test counts."""

    def __init__(self, line: LineStats, *, grows: bool) -> None:
        super().__init__("target")
        self.line, self.grows, self.looks = line, grows, 0

    def measure(self) -> None:
        """Count packets, more each time if it is alive."""
        self.looks += 1
        if self.grows:
            self.line = replace(self.line, packets_in=self.line.packets_in + 1)
        self.leg.remember(self.line)


async def test_a_target_of_which_nothing_comes_is_hung_up_on() -> None:
    target = Target(LineStats(packets_in=5), grows=False)
    await end_when_dead(target.leg, 0.05, "c1")
    assert target.sent == [f"BYE {REASON}"]


@pytest.mark.parametrize(
    ("line", "grows"), [(LineStats(), True), (LineStats(is_peer_sending=False), False)]
)
async def test_one_that_talks_or_only_listens_is_left_alone(
    line: LineStats, *, grows: bool
) -> None:
    target = Target(line, grows=grows)
    guarding = asyncio.ensure_future(end_when_dead(target.leg, 0.04, "c1"))
    while target.looks < 10:
        await asyncio.sleep(0.005)
    assert not guarding.done() and target.sent == []
    guarding.cancel()


async def test_nobody_minds_where_the_plan_says_so() -> None:
    target = Target(LineStats(), grows=False)
    await end_when_dead(target.leg, 0.0, "c1")
    assert target.sent == []
