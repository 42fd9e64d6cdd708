"""How long a call lives: who is busy, what the agent is asked to say, and why it ends."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sipagent.calls import events as call_events
from sipagent.calls.events import CallEvent, HangUpRequested
from sipagent.calls.inbox import Inbox
from sipagent.calls.life import Life
from sipagent.calls.life_settings import LifeSettings
from sipagent.calls.part import CallHands
from sipagent.calls.termination import Reason
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip import events as sip_events
from sipagent.sip.events import LineStats

SPOKE = session_events.SpeechStarted("u1", 0, 0.0)
STOPPED = session_events.SpeechStopped("u1", 0, 0.0)
RESPONDS = session_events.ResponseStarted("r1", 0.0)
WORKS = session_events.ToolStarted("t1", "lookup", "{}", 0.0)
WORKED = session_events.ToolEnded("t1", "lookup", "{}", "", False, 1.0, 0.0)
SILENT = call_events.AgentFellSilent()


class Talking:
    """A call that talks since second 0, and its agent."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.posted: list[CallEvent] = []
        self.line = LineStats()
        self.measured = 0
        self.is_talking = self.is_silent = True
        self.is_on_hold = self.is_muted = False
        self.life = Life(LifeSettings(**settings))
        hands = CallHands(
            "c1",
            cast(Any, None),
            cast(Any, self),
            cast(Any, self),
            tell=lambda _: None,
            post=self.posted.append,
            run=lambda work, name: None,
            now=lambda: self.now,
            is_talking=lambda: self.is_talking,
            dismiss=lambda: None,
        )
        self.life.join(hands)
        self.tells(call_events.LegConfirmed())

    # What the part sees of conversation and leg.

    def say(self, instructions: str) -> None:
        """Note what the agent is to say."""
        self.said.append(instructions)

    def refresh_stats(self) -> None:
        """Note that the line is measured."""
        self.measured += 1

    def stats(self) -> LineStats:
        """Return the figures of the line."""
        return self.line

    # What the test does.

    def tells(self, *messages: Inbox) -> None:
        """Let things happen now."""
        for message in messages:
            self.life.handle(message)

    def passes(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        end = self.now + seconds
        while (deadline := self.life.deadline()) is not None and deadline <= end:
            self.now = deadline
            self.life.handle_timer(deadline)
            if self.posted:
                return
        self.now = end

    @property
    def why(self) -> Reason | None:
        """Why the call is ended, None if it is not."""
        if not self.posted:
            return None
        (event,) = self.posted
        assert isinstance(event, HangUpRequested)
        return event.reason


def silent(**more: Any) -> Talking:
    asks = {"silence_s": 10.0, "silence_prompt": "Ask.", "rtp_timeout_s": 0.0}
    return Talking(**(asks | more))


def test_a_caller_is_warned_before_the_time_is_up() -> None:
    call = Talking(max_duration_s=60.0, warn_before_s=10.0, warning="Warn.", rtp_timeout_s=0.0)
    call.passes(49.9)
    assert call.said == []
    call.passes(0.2)
    assert call.said == ["Warn."]
    call.passes(9.8)
    assert call.why is None
    call.passes(0.2)
    assert call.why is Reason.TIME_LIMIT


def test_the_time_begins_with_the_conversation() -> None:
    call = Talking(max_duration_s=60.0)
    fresh = Life(LifeSettings(max_duration_s=60.0))
    fresh.join(call.life.hands)
    call.is_talking = False
    fresh.handle(call_events.SessionReady())
    assert fresh.deadline() is None


def test_a_silent_caller_is_asked_twice_and_given_up() -> None:
    call = silent()
    call.passes(29.9)
    assert (call.said, call.why) == (["Ask.", "Ask."], None)
    call.passes(0.2)
    assert call.why is Reason.CALLER_SILENT


def test_a_word_or_a_key_makes_the_agent_ask_anew() -> None:
    call = silent()
    call.passes(25.0)
    call.tells(SPOKE, STOPPED)
    call.passes(9.0)
    call.tells(sip_events.DtmfReceived("1", 100, "rfc4733"))
    call.passes(29.0)
    assert (call.said, call.why) == (["Ask."] * 4, None)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (SPOKE, STOPPED),
        (WORKS, WORKED),
        (sip_events.Held(), sip_events.Resumed()),
        (sip_events.WeHeld(), sip_events.WeResumed()),
        (ConnectionLost(1006, "gone", 0.0), Reconnected("lost", 0.0)),
    ],
)
def test_who_waits_or_works_is_not_silent(begins: Inbox, ends: Inbox) -> None:
    call = silent()
    call.passes(5.0)
    call.tells(begins)
    call.passes(100.0)
    assert call.said == []
    call.tells(ends)
    call.passes(9.9)
    assert call.said == []
    call.passes(0.2)
    assert call.said == ["Ask."]


@pytest.mark.parametrize("begins", [SPOKE, WORKS])
@pytest.mark.parametrize("lost", [[ConnectionLost(1006, "gone", 0.0)], []])
def test_what_began_over_another_connection_is_over(begins: Inbox, lost: list[Inbox]) -> None:
    call = silent()
    call.tells(begins, *lost, Reconnected("lost" if lost else "expiry", 0.0))
    call.passes(10.1)
    assert call.said == ["Ask."]


def test_nobody_is_silent_while_the_agent_speaks() -> None:
    call = silent()
    call.is_silent = False
    call.tells(RESPONDS)
    call.passes(100.0)
    assert call.said == []


def test_a_caller_whom_an_operator_has_muted_is_not_silent() -> None:
    call = silent()
    call.is_muted = True
    call.passes(60.0)
    assert (call.said, call.why) == ([], None)


def test_who_was_put_through_to_somebody_else_is_left_alone() -> None:
    call = silent(max_duration_s=100.0, goodbye="Bye.")
    call.is_on_hold = True
    call.tells(SILENT)
    call.passes(99.0)
    assert call.said == []
    call.passes(1.0)
    assert (call.said, call.why) == ([], Reason.TIME_LIMIT)


def test_a_call_that_ends_already_is_left_alone() -> None:
    call = silent(max_duration_s=5.0)
    call.is_talking = False
    assert call.life.deadline() is None
    call.life.handle_timer(100.0)
    assert (call.said, call.posted) == ([], [])


def test_two_holds_are_over_when_both_are() -> None:
    call = silent()
    call.tells(sip_events.Held(), sip_events.WeHeld(), sip_events.WeResumed())
    call.passes(100.0)
    assert call.said == []


def test_goodbye_is_heard_before_the_call_ends() -> None:
    call = silent(silence_prompts=0, goodbye="Bye.")
    call.passes(10.0)
    assert (call.said, call.why) == (["Bye."], None)
    call.tells(SILENT)
    assert call.why is None
    call.tells(RESPONDS, SILENT)
    assert call.why is Reason.CALLER_SILENT


def test_a_caller_who_speaks_up_at_the_goodbye_is_talked_to() -> None:
    call = silent(silence_prompts=0, goodbye="Bye.")
    call.passes(10.0)
    call.tells(RESPONDS, SPOKE, STOPPED, SILENT)
    call.passes(9.0)
    assert call.why is None
    call.passes(1.0)
    assert call.said == ["Bye.", "Bye."]


def test_a_caller_who_speaks_up_has_no_more_time_for_that() -> None:
    call = Talking(max_duration_s=10.0, goodbye="Bye.", rtp_timeout_s=0.0)
    call.passes(10.0)
    call.tells(SPOKE, STOPPED, RESPONDS, SILENT)
    assert call.why is Reason.TIME_LIMIT


def test_a_goodbye_nobody_would_hear_is_not_waited_for() -> None:
    call = Talking(max_duration_s=10.0, goodbye="Bye.", rtp_timeout_s=0.0)
    call.tells(sip_events.Held())
    call.passes(10.0)
    assert (call.said, call.why) == ([], Reason.TIME_LIMIT)


def test_the_end_of_the_time_is_why_when_it_comes_during_the_goodbye() -> None:
    call = silent(silence_prompts=0, goodbye="Bye.", max_duration_s=12.0)
    call.passes(12.0)
    assert call.said == ["Bye."]
    call.tells(RESPONDS, SILENT)
    assert call.why is Reason.TIME_LIMIT


def test_a_line_without_packets_is_given_up() -> None:
    call = Talking(rtp_timeout_s=30.0)
    call.passes(0.5)
    call.line = LineStats(packets_in=25)
    call.passes(30.0)
    assert call.why is None
    assert call.measured >= 30
    call.passes(1.0)
    assert call.why is Reason.RTP_LOST


def test_reports_alone_keep_a_line_alive() -> None:
    call = Talking(rtp_timeout_s=30.0)
    for reports in range(10):
        call.line = LineStats(reports_in=reports)
        call.passes(29.0)
    assert call.why is None


def test_on_hold_no_packets_are_missed() -> None:
    call = Talking(rtp_timeout_s=30.0)
    call.tells(sip_events.Held())
    call.passes(1000.0)
    assert call.why is None
    call.tells(sip_events.Resumed())
    call.passes(29.0)
    assert call.why is None
    call.passes(1.0)
    assert call.why is Reason.RTP_LOST


def test_of_who_only_listens_no_packets_are_missed() -> None:
    call = Talking(rtp_timeout_s=30.0)
    call.line = LineStats(packets_in=25, is_peer_sending=False)
    call.passes(1000.0)
    assert call.why is None
    call.line = LineStats(packets_in=25)
    call.passes(28.0)
    assert call.why is None
    call.passes(3.0)
    assert call.why is Reason.RTP_LOST
