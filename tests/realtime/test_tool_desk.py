"""Playbooks of the tool desk: approvals, calls that come again, outputs nobody gets."""

from __future__ import annotations

from sipagent.agents.rejections import DEFAULT_REJECTION
from sipagent.agents.tool_context import ToolOutcome, unsent
from sipagent.realtime import events
from sipagent.realtime.approvals import DEFAULT_TIMEOUT_S, ApprovalRequest
from sipagent.realtime.conversation_events import ToolApprovalRequested
from sipagent.realtime.history_items import FunctionCall
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.tool_calls import ToolCall

from .playbook import PCMU, Playbook, Wire, created, done, function_call, output

CALL_ITEM: Wire = {"id": "item_call", "status": "completed", "arguments": "{}"}
GO_ON = ["conversation.item.create", "response.create"]


def asked(book: Playbook, tool_call_id: str = "call_1") -> ApprovalRequest:
    """Let the model call a tool that must be approved; return what is asked."""
    response_id = f"resp_of_{tool_call_id}"
    book.hears(
        created(response_id),
        function_call("look_up", tool_call_id, response_id=response_id),
        done(response_id),
    )
    book.core.out.take_events()
    book.core.tools.approval_needed(book.call(), now=book.now)
    book.works()
    (told,) = book.core.out.take_events()
    assert isinstance(told, ToolApprovalRequested)
    assert isinstance(told.request, ApprovalRequest)
    return told.request


def starts(book: Playbook) -> list[ToolCall]:
    """Return the tools that are to be run, which have not begun."""
    return [work for work in book.core.out.take_work() if isinstance(work, ToolCall)]


def reject(book: Playbook, request: ApprovalRequest, message: str | None = None) -> None:
    book.core.tools.reject(request, message=message, always=False, now=book.now)


def approve(book: Playbook, request: ApprovalRequest) -> None:
    book.core.tools.approve(request, always=False, now=book.now)


def errors(book: Playbook) -> list[str]:
    """Return the codes of the errors that were told."""
    told = book.core.out.take_events()
    return [each.code for each in told if isinstance(each, events.SessionErrorReported)]


def test_who_must_approve_is_told_the_agent_and_the_call() -> None:
    book = Playbook()
    request = asked(book)
    assert (request.tool_call_id, request.tool_name) == ("call_1", "look_up")
    assert request.agent_name == "Reception"
    assert book.core.tools.pending_approvals == (request,)


def test_nothing_is_sent_while_a_call_waits_for_approval() -> None:
    book = Playbook()
    asked(book)
    assert book.sent() == []


def test_a_call_that_was_approved_is_to_be_run_as_such() -> None:
    book = Playbook()
    approve(book, asked(book))
    (call,) = starts(book)
    assert call.is_approved
    assert book.core.tools.pending_approvals == ()


def test_a_call_that_was_rejected_is_told_as_one_that_ran() -> None:
    book = Playbook()
    reject(book, asked(book))
    assert book.told() == [
        events.ToolStarted("call_1", "look_up", "{}", book.now),
        events.ToolEnded("call_1", "look_up", "{}", DEFAULT_REJECTION, False, 0.0, book.now),
    ]
    assert starts(book) == []


def test_the_model_is_told_of_a_rejection_and_goes_on() -> None:
    book = Playbook()
    reject(book, asked(book), "Not on Sundays.")
    answer, create = book.sent()
    assert answer == output("call_1", "Not on Sundays.")
    assert create["type"] == "response.create"


def test_a_rejection_may_say_nothing() -> None:
    book = Playbook()
    reject(book, asked(book), "")
    assert book.sent()[0] == output("call_1", "")


def test_only_the_first_decision_counts() -> None:
    book = Playbook()
    request = asked(book)
    approve(book, request)
    starts(book)
    reject(book, request)
    approve(book, request)
    assert starts(book) == []
    assert book.sent() == []
    assert errors(book) == []


def test_a_tool_may_be_approved_for_good() -> None:
    book = Playbook()
    book.core.tools.approve(asked(book), always=True, now=book.now)
    book.works()
    book.calls()
    book.hears(created("resp_2"), function_call("look_up", "call_2", response_id="resp_2"))
    book.core.tools.approval_needed(book.call(), now=book.now)
    assert [call.tool_call_id for call in starts(book)] == ["call_2"]
    assert book.core.out.take_events() == []


def test_a_tool_may_be_rejected_for_good_in_the_same_words() -> None:
    book = Playbook()
    book.core.tools.reject(asked(book), message="Never.", always=True, now=book.now)
    book.sent()
    book.hears(created("resp_2"), function_call("look_up", "call_2", response_id="resp_2"))
    book.core.tools.approval_needed(book.call(), now=book.now)
    assert book.sent() == [output("call_2", "Never.")]
    assert [type(each) for each in book.told()] == [events.ToolStarted, events.ToolEnded]


def test_a_call_nobody_decides_on_is_rejected_in_time() -> None:
    book = Playbook()
    asked(book)
    deadline = book.now + DEFAULT_TIMEOUT_S
    assert book.core.tools.deadline() == deadline
    book.core.tools.expire(now=deadline - 0.1)
    assert book.sent() == []
    book.core.tools.expire(now=deadline)
    answer, create = book.sent()
    assert "60 seconds" in answer["item"]["output"]
    assert create["type"] == "response.create"
    assert book.core.tools.deadline() is None


def test_a_decision_on_what_nobody_asked_is_an_error() -> None:
    book = Playbook()
    approve(book, ApprovalRequest("call_9", "look_up", "{}", "Reception", 0))
    assert errors(book) == ["approval_unknown"]
    assert starts(book) == []


def test_a_call_id_that_comes_again_for_another_call_is_an_error() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up", arguments='{"order":1}'))
    book.ends(book.call())
    book.sent()
    told = book.hears(function_call("look_up", arguments='{"order":2}'))
    assert [each.code for each in told if isinstance(each, events.SessionErrorReported)] == [
        "tool_call_id_reused"
    ]
    assert book.calls() == []
    assert book.sent() == []


def test_a_call_that_comes_again_gets_the_same_output_however_it_is_written() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up", arguments='{"order": 1}'))
    book.ends(book.call(), ToolOutcome("order 1"))
    book.hears(done(), created("resp_2"))
    book.sent()
    book.hears(
        function_call("look_up", response_id="resp_2", arguments='{"order":1}'), done("resp_2")
    )
    assert book.calls() == []
    answer, create = book.sent()
    assert answer == output("call_1", "order 1")
    assert create["type"] == "response.create"


def test_an_outcome_the_model_must_not_get_is_told_as_an_error_alone() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"), done())
    book.ends(book.call(), unsent(OSError("disk")))
    assert book.sent() == []
    reported, ended = book.told()
    assert isinstance(reported, events.SessionErrorReported)
    assert (reported.code, reported.message) == ("tool_failed", "look_up: OSError")
    assert not reported.fatal
    assert isinstance(ended, events.ToolEnded)
    assert ended.failed


def test_what_was_not_sent_is_not_sent_when_the_call_comes_again() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call(), unsent(OSError()))
    book.hears(function_call("look_up"), done())
    assert book.sent() == []


def test_each_output_may_be_answered_on_its_own() -> None:
    book = Playbook(options=SessionOptions(PCMU, PCMU, tool_response_policy="each"))
    book.hears(created(), function_call("look_up", "a"), function_call("look_up", "b"), done())
    first, second = book.calls()
    book.ends(first)
    assert book.sent_types() == GO_ON
    book.hears(created("resp_2"))
    book.ends(second)
    assert book.sent_types() == GO_ON[:1]
    book.hears(done("resp_2"))
    assert book.sent_types() == GO_ON[1:]


def test_what_a_tool_said_is_in_the_history_at_once() -> None:
    book = Playbook()
    call = function_call("look_up")
    call["item"] |= CALL_ITEM
    book.hears(created(), call)
    (before,) = book.core.history.items
    assert isinstance(before, FunctionCall)
    assert (before.status, before.output) == ("in_progress", None)
    book.ends(book.call(), ToolOutcome("order 7"))
    (after,) = book.core.history.items
    assert isinstance(after, FunctionCall)
    assert (after.status, after.output) == ("completed", "order 7")
    told = [each.NAME for each in book.core.out.take_events()]
    assert told == ["history_updated", "agent_tool_end"]
