"""When the line of a call is judged to be silent, and when not yet."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sipagent.calls import facts
from sipagent.calls.line_watch import LOOK_S, LineWatch
from sipagent.calls.part import CallHands
from sipagent.calls.silence_doctor import SILENT_AFTER_S
from sipagent.realtime.events import SpeechStopped
from sipagent.sip.events import Confirmed, Held, LineStats, MediaStarted, Resumed

from .leg import FarEnd

STARTED = MediaStarted("PCMU", 8_000)
SPOKEN = SpeechStopped("u1", 0, 0.0)


class Mute(FarEnd):
    """A far end of which nothing comes; whether it ought to is ``figures``'."""

    figures = LineStats()

    def measure(self) -> None:
        """Count nothing."""
        self.leg.remember(self.figures)


class Watched:
    """A line that nothing ever comes over, and its watch; the test is the clock."""

    def __init__(self, *, is_greeted: bool = False) -> None:
        self.now = 0.0
        self.is_on_hold = self.is_muted = False  # what the watch sees of the conversation
        self.told: list[facts.Fact] = []
        self.far_end = Mute()
        self.far_end.leg.new_media(8_000)
        self.watch = LineWatch(is_greeted=is_greeted)
        hands = CallHands(
            "c1",
            cast(Any, None),
            self.far_end.leg,
            cast(Any, self),
            tell=self.told.append,
            post=lambda _: None,
            run=lambda work, name: None,
            now=lambda: self.now,
            is_talking=lambda: True,
            dismiss=lambda: None,
        )
        self.watch.join(hands)

    def passes(self, duration_s: float) -> None:
        """Let time pass, in which the watch looks whenever it wants to."""
        until = self.now + duration_s
        while self.now < until:
            self.now = min(self.watch.deadline() or until, until)
            self.watch.handle_timer(self.now)

    @property
    def causes(self) -> list[str]:
        """What was named."""
        return [fact.cause for fact in self.told if isinstance(fact, facts.SilenceNamed)]


async def test_no_silence_is_judged_before_the_call_is_up() -> None:
    line = Watched()
    line.watch.handle(STARTED)
    line.passes(10 * SILENT_AFTER_S)  # it rings, and a far end need not send anything
    assert line.causes == []
    line.watch.handle(Confirmed())
    line.passes(SILENT_AFTER_S - LOOK_S)
    assert line.causes == []
    line.passes(2 * LOOK_S)
    assert line.causes == ["no_rtp"]


async def test_a_call_that_is_up_before_its_media_is_judged_from_its_media_on() -> None:
    line = Watched()
    line.watch.handle(Confirmed())
    assert line.watch.deadline() is None  # nothing to look at
    line.now = 5.0
    line.watch.handle(STARTED)
    line.passes(SILENT_AFTER_S + LOOK_S)
    assert line.causes == ["no_rtp"]


async def test_who_calls_to_let_us_wait_is_silent_as_they_should_be() -> None:
    line = Watched()
    for each in (STARTED, Held(), Confirmed()):
        line.watch.handle(each)
    line.passes(10 * SILENT_AFTER_S)
    assert line.causes == []
    line.watch.handle(Resumed())
    line.passes(SILENT_AFTER_S + LOOK_S)
    assert line.causes == ["no_rtp"]


async def test_who_only_listens_is_silent_as_they_should_be() -> None:
    line = Watched()
    line.far_end.figures = LineStats(is_peer_sending=False)
    for each in (STARTED, Confirmed()):
        line.watch.handle(each)
    line.passes(10 * SILENT_AFTER_S)
    assert line.causes == []
    line.far_end.figures = LineStats()
    line.passes(SILENT_AFTER_S + 3 * LOOK_S)
    assert line.causes == ["no_rtp"]


@pytest.mark.parametrize("why", ["held", "muted", "put on hold"])
async def test_an_agent_that_is_kept_from_answering_is_not_the_cause(why: str) -> None:
    line = Watched()
    for each in (STARTED, Confirmed(), SPOKEN):
        line.watch.handle(each)
    if why == "held":
        line.watch.handle(Held())
    line.is_muted, line.is_on_hold = why == "muted", why == "put on hold"
    line.passes(SILENT_AFTER_S + LOOK_S)
    line.watch.handle(Resumed())
    line.is_muted = line.is_on_hold = False
    line.passes(SILENT_AFTER_S + LOOK_S)
    assert "agent_silent" not in line.causes
    line.watch.handle(SPOKEN)
    line.passes(SILENT_AFTER_S + LOOK_S)
    assert "agent_silent" in line.causes


async def test_a_greeting_that_was_due_before_there_was_media_is_still_due() -> None:
    line = Watched(is_greeted=True)
    source = line.far_end.media
    assert line.watch.hear(source) is source
    line.watch.handle(Confirmed())
    line.watch.handle(STARTED)
    line.passes(SILENT_AFTER_S + LOOK_S)
    assert "agent_silent" in line.causes


async def test_who_asks_before_there_is_media_gets_figures_of_none() -> None:
    line = Watched()
    line.watch.handle_timer(1.0)
    await line.watch.close()
    (measured,) = line.told
    assert isinstance(measured, facts.LineMeasured)
    assert measured.level_in_dbov is None
