"""What is told of an interruption, and when."""

from __future__ import annotations

import pytest

from sipagent.audio.playout import Heard
from sipagent.calls.cuts import SETTLE_S, Cuts
from sipagent.calls.facts import BargedIn, TruncateConfirmed

HEARD = [Heard("a", 0, 500, 900, finished=False), Heard("b", 0, 0, 300, finished=False)]


def test_an_interruption_is_told_once_its_last_frame_is_out() -> None:
    cuts = Cuts()
    cuts.made(HEARD, at=9.9, now=10.0)
    assert cuts.deadline() == 10.0 + SETTLE_S
    assert cuts.settled(10.0, 10.02) == []
    assert cuts.settled(10.0 + SETTLE_S, 10.02) == [BargedIn("a", 500, 120)]
    assert cuts.deadline() is None


@pytest.mark.parametrize("last_voiced_at", [None, 9.5])
def test_silence_that_was_there_already_took_no_time(last_voiced_at: float | None) -> None:
    cuts = Cuts()
    cuts.made(HEARD, at=9.9, now=10.0)
    assert cuts.settled(float("inf"), last_voiced_at) == [BargedIn("a", 500, 0)]


def test_cutting_off_nothing_is_no_interruption() -> None:
    cuts = Cuts()
    cuts.made([], at=1.0, now=1.0)
    assert cuts.deadline() is None
    assert cuts.settled(float("inf"), 1.0) == []


def test_where_the_endpoint_cut_is_compared_with_what_was_heard() -> None:
    cuts = Cuts()
    cuts.made(HEARD, at=1.0, now=1.0)
    assert cuts.confirmed("a", 480) == TruncateConfirmed("a", -20)
    assert cuts.confirmed("a", 480) is None
    assert cuts.confirmed("b", 0) == TruncateConfirmed("b", 0)
    assert cuts.confirmed("other", 100) is None
