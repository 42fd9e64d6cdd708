"""What of a session is told of a call."""

import pytest

from sipagent.calls import facts
from sipagent.calls.telling import fact_of
from sipagent.realtime import events


@pytest.mark.parametrize(
    ("event", "fact"),
    [
        (events.UserTranscript("u", "Hello?", 1.0), facts.CallerSaid("u", "Hello?")),
        (events.HandedOff("Ada", "Bob", 1.0), facts.AgentChanged("Ada", "Bob")),
        (
            events.ToolEnded("t", "hours", "{}", "9 to 5", False, 0.25, 1.0),
            facts.ToolCalled("t", "hours", "{}", "9 to 5", False, 250),
        ),
        (
            events.SessionErrorReported("oops", "No luck.", "x", True, 1.0),
            facts.ErrorReported("oops", "No luck.", fatal=True),
        ),
        (events.SessionConfigured(1.0), None),
    ],
)
def test_one_event_is_one_fact_or_none(event: events.SessionEvent, fact: facts.Fact | None) -> None:
    assert fact_of(event) == fact
