"""When an attached call was answered."""

from __future__ import annotations

import pytest

from sipagent.calls.attached_answer import AttachedAnswer
from sipagent.calls.attached_events import CallResumed
from sipagent.calls.facts import CallAnswered
from sipagent.calls.journal import AttachedState, JournalEntry

NEW = JournalEntry("rtc_1", AttachedState.NEW, (), 1000.0)
ALIVE = JournalEntry("rtc_1", AttachedState.ACCEPTED, (), 1000.0)


def test_the_caller_has_waited_since_the_webhook_came() -> None:
    answer = AttachedAnswer(NEW)
    assert not answer.is_answered and answer.talked_s(50.0) == 0.0
    assert answer.accepted(now=50.0, unix_s=1002.5) == CallAnswered(2500)
    assert answer.is_answered and answer.talked_s(53.0) == 3.0


def test_a_call_that_was_answered_before_has_been_talked_since_its_webhook() -> None:
    answer = AttachedAnswer(ALIVE)
    assert answer.resumed(now=50.0, unix_s=1030.0) == CallResumed(30.0)
    assert answer.is_answered and answer.talked_s(55.0) == 35.0


@pytest.mark.parametrize("unix_s", [999.0, 1000.0])
def test_a_clock_that_is_behind_makes_nobody_wait_or_talk_for_less_than_no_time(
    unix_s: float,
) -> None:
    assert AttachedAnswer(NEW).accepted(now=5.0, unix_s=unix_s) == CallAnswered(0)
    assert AttachedAnswer(ALIVE).resumed(now=5.0, unix_s=unix_s) == CallResumed(0.0)
