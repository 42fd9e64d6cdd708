"""What happens on calls, in the log."""

from __future__ import annotations

import logging

import pytest

from sipagent.calls import facts
from sipagent.calls.fact_log import FactLog


@pytest.mark.parametrize(
    ("level", "logged"), [(logging.DEBUG, ["call=c1 = CallerSaid"]), (logging.INFO, [])]
)
def test_facts_are_named_to_those_who_want_to_see_more_and_no_words_of_callers(
    caplog: pytest.LogCaptureFixture, level: int, logged: list[str]
) -> None:
    caplog.set_level(level, "sipagent.calls")
    FactLog().tell("c1", facts.CallerSaid("i", "my number is 1234"), at=0.0)
    assert caplog.messages == logged
