"""Playbooks of how a session begins and goes over to another agent: confirmed, traced, handed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import IGNORED_HANDOFF
from sipagent.agents.tools import ToolOutcome
from sipagent.realtime import events
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.tool_calls import HandoffCall

from .playbook import PCMU, Playbook, Wire, audio, created, done, function_call, output, resolved

TO_BILLING = function_call("transfer_to_billing", "call_1")
TO_SALES = function_call("transfer_to_sales", "call_2")
UPDATED: Wire = {"type": "session.updated", "session": {}}


def session_created(**session: object) -> Wire:
    return {"type": "session.created", "session": session}


def traced(**options: Any) -> Playbook:
    """Return a session that asks for tracing."""
    given = SessionOptions(PCMU, PCMU, tracing_disabled=False, **options)
    return Playbook(options=given)


def failing(book: Playbook, message: Wire) -> None:
    """Let the model hand over to somebody who cannot go on."""
    book.now += 1
    book.core.receive(json.dumps(message), now=book.now)
    for work in book.core.out.take_work():
        assert isinstance(work, HandoffCall)
        outcome = ToolOutcome("It did not work.", has_failed=True, error=OSError("no texts"))
        book.core.handed_over(work, None, outcome, now=book.now)


def test_only_a_confirmation_makes_a_session_ready() -> None:
    book = Playbook()
    book.hears(session_created(), created(), done())
    assert not book.core.is_configured
    assert events.SessionConfigured(4.0) in book.hears(UPDATED)
    assert book.core.is_configured


def test_the_end_of_a_session_is_known_from_its_beginning_and_may_move() -> None:
    book = Playbook()
    assert book.core.expires_at is None
    book.hears(session_created(expires_at=1_700_000_000))
    assert book.core.expires_at == 1_700_000_000.0
    book.hears(UPDATED)
    assert book.core.expires_at == 1_700_000_000.0
    book.hears({"type": "session.updated", "session": {"expires_at": 1_700_000_900}})
    assert book.core.expires_at == 1_700_000_900.0


def test_tracing_is_asked_for_once_the_session_is_there_and_only_then() -> None:
    book = traced(workflow_name="Reception desk", group_id="call 7")
    assert "tracing" not in book.opening[0]["session"]
    book.hears(session_created(), session_created())
    tracing = {"workflow_name": "Reception desk", "group_id": "call 7"}
    session = {"type": "realtime", "tracing": tracing}
    assert book.sent() == [{"type": "session.update", "session": session}]


def test_a_session_that_is_traced_already_is_left_alone() -> None:
    book = traced()
    book.hears(session_created(tracing={"workflow_name": "theirs"}))
    assert book.sent() == []


def test_nobody_is_traced_unless_it_is_wanted() -> None:
    book = Playbook()
    book.hears(session_created())
    assert book.sent() == []


def test_a_handoff_does_not_ask_for_tracing_again() -> None:
    book = traced()
    book.hears(session_created(), UPDATED)
    book.sent()
    book.hears(created(), TO_BILLING)
    assert "tracing" not in book.sent()[0]["session"]


def test_a_handoff_that_fails_is_answered_and_told_and_nobody_else_goes_on() -> None:
    book = Playbook()
    book.hears(created())
    failing(book, TO_BILLING)
    assert book.sent() == [output("call_1", "It did not work.")]
    (told,) = book.told()
    assert isinstance(told, events.SessionErrorReported)
    assert (told.code, told.message) == ("handoff_failed", "transfer_to_billing: OSError")
    assert not told.fatal
    assert book.core.current_agent.name == "Reception"
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_after_a_handoff_that_failed_a_second_of_the_response_is_ignored_too() -> None:
    book = Playbook()
    book.hears(created())
    failing(book, TO_BILLING)
    book.sent()
    book.hears(TO_SALES)
    assert book.sent() == [output("call_2", IGNORED_HANDOFF)]


def test_a_handoff_may_be_tried_again_in_the_next_response() -> None:
    book = Playbook()
    book.hears(created())
    failing(book, TO_BILLING)
    again = function_call("transfer_to_billing", "call_3", response_id="resp_2")
    book.hears(done(), created("resp_2"), again)
    assert book.core.current_agent.name == "Billing"


@pytest.mark.parametrize("name", ["Transfer_To_Billing", "TRANSFER_TO_BILLING"])
def test_a_handoff_is_known_in_any_case(name: str) -> None:
    book = Playbook()
    book.hears(created(), function_call(name))
    assert book.core.current_agent.name == "Billing"


def test_an_owner_who_changes_the_agent_answers_nothing_and_asks_for_nothing() -> None:
    book = Playbook()
    night = resolved(RealtimeAgent("Night", "It is late.", voice="ash"))
    book.core.update_agent(night, now=7.0)
    (update,) = book.sent()
    assert update["session"]["instructions"] == "It is late."
    assert update["session"]["audio"]["output"]["voice"] == "ash"
    assert book.told() == [events.HandedOff("Reception", "Night", 7.0)]


def test_a_voice_is_not_changed_once_it_was_heard() -> None:
    book = Playbook()
    book.hears(created(), audio(20))
    book.core.update_agent(resolved(RealtimeAgent("Night", voice="ash")), now=7.0)
    assert "voice" not in book.sent()[0]["session"]["audio"]["output"]
