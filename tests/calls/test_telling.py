"""What of a session is told of a call."""

import pytest

from sipagent.calls import facts
from sipagent.calls.telling import fact_of, failed_response
from sipagent.realtime import events

from .talk import response_done


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


@pytest.mark.parametrize(
    ("code", "told"), [("server_error", "server_error"), ("", "response_failed")]
)
def test_a_failed_response_is_a_fatal_error(code: str, told: str) -> None:
    failed = failed_response(response_done(status="failed", error_code=code))
    assert failed == facts.ErrorReported(told, "the endpoint failed a response", fatal=True)


@pytest.mark.parametrize("status", ["completed", "cancelled", "incomplete"])
def test_a_response_that_was_made_or_cut_off_is_no_error(status: str) -> None:
    assert failed_response(response_done(status=status)) is None
