"""Who may run, and who says so."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sipagent.agents.rejections import DEFAULT_REJECTION, ToolErrorDetails
from sipagent.realtime.approvals import (
    ApprovalRequest,
    Approvals,
    AskApproval,
    Command,
    RejectTool,
    ReportError,
    RunTool,
)


def refund(
    tool_call_id: str = "call_1",
    arguments: str = '{"amount":7}',
    *,
    tool: str = "refund",
    agent: str = "Billing",
    generation: int = 0,
) -> ApprovalRequest:
    return ApprovalRequest(tool_call_id, tool, arguments, agent, generation)


def asked(**options: Any) -> Approvals:
    """Return approvals that asked for a refund a second ago."""
    approvals = Approvals(**options)
    assert approvals.request(refund(), now=1.0) == [AskApproval(refund())]
    return approvals


def test_a_call_waits_until_somebody_approves_it() -> None:
    approvals = asked()
    assert approvals.pending == (refund(),)
    assert approvals.approve(refund()) == [RunTool(refund())]
    assert not approvals.pending


def test_a_rejected_call_does_not_run_and_the_model_is_told() -> None:
    approvals = asked()
    assert approvals.reject(refund()) == [RejectTool(refund(), DEFAULT_REJECTION)]
    assert approvals.pending == ()


@pytest.mark.parametrize("message", ["Not today.", ""])
def test_a_message_is_exactly_what_the_model_is_told(message: str) -> None:
    assert asked().reject(refund(), message=message) == [RejectTool(refund(), message)]


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_a_second_decision_is_ignored(first: str, second: str) -> None:
    approvals = asked()
    getattr(approvals, first)(refund())
    assert getattr(approvals, second)(refund()) == []


def test_an_ignored_decision_is_not_sticky_either() -> None:
    approvals = asked()
    approvals.reject(refund())
    approvals.approve(refund(), always_approve=True)
    assert approvals.request(refund("call_2"), now=2.0) == [AskApproval(refund("call_2"))]


@pytest.mark.parametrize(
    "other",
    [
        refund("call_2"),
        refund(arguments='{"amount":8}'),
        refund(tool="pay"),
        refund(agent="Sales"),
        refund(generation=1),
    ],
)
@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_on_another_call_is_an_error_and_decides_nothing(
    other: ApprovalRequest, decision: str
) -> None:
    approvals = asked()
    (error,) = getattr(approvals, decision)(other)
    assert error == ReportError(
        other.tool_call_id, f"no approval of call id {other.tool_call_id} is pending"
    )
    assert approvals.pending == (refund(),)


def test_the_same_arguments_written_otherwise_are_the_same() -> None:
    approvals = asked()
    rewritten = refund(arguments=' { "amount" : 7 } ')
    assert approvals.request(rewritten, now=2.0) == []
    assert approvals.approve(rewritten) == [RunTool(rewritten)]


def test_a_repeated_call_is_asked_for_once() -> None:
    approvals = asked()
    assert approvals.request(refund(), now=2.0) == []
    approvals.approve(refund())
    assert approvals.request(refund(), now=3.0) == []


@pytest.mark.parametrize("is_settled", [False, True])
def test_a_call_id_used_for_another_call_is_an_error(is_settled: bool) -> None:
    approvals = asked()
    if is_settled:
        approvals.approve(refund())
    assert approvals.request(refund(arguments='{"amount":700}'), now=2.0) == [
        ReportError("call_1", "call id call_1 was used again for another call")
    ]


def test_who_is_always_approved_is_not_asked_for_again() -> None:
    approvals = asked()
    approvals.approve(refund(), always_approve=True)
    assert approvals.request(refund("call_2"), now=2.0) == [RunTool(refund("call_2"))]
    assert approvals.request(refund("call_2"), now=3.0) == []


@pytest.mark.parametrize("message", [None, "Never.", ""])
def test_who_is_always_rejected_is_told_the_same_again(message: str | None) -> None:
    approvals = asked()
    told = DEFAULT_REJECTION if message is None else message
    rejected = approvals.reject(refund(), message=message, always_reject=True)
    assert rejected == [RejectTool(refund(), told)]
    assert approvals.request(refund("call_2"), now=2.0) == [RejectTool(refund("call_2"), told)]
    assert approvals.request(refund("call_2"), now=3.0) == []


@pytest.mark.parametrize("other", [{"tool": "pay"}, {"agent": "Sales"}])
def test_always_means_one_tool_of_one_agent(other: dict[str, Any]) -> None:
    approvals = asked()
    approvals.approve(refund(), always_approve=True)
    another = refund("call_2", **other)
    assert approvals.request(another, now=2.0) == [AskApproval(another)]


def test_a_decision_that_is_not_sticky_is_for_one_call() -> None:
    approvals = asked()
    approvals.reject(refund(), message="Not today.")
    assert approvals.request(refund("call_2"), now=2.0) == [AskApproval(refund("call_2"))]


def test_the_last_sticky_decision_holds() -> None:
    approvals = asked()
    approvals.request(refund("call_2"), now=1.0)
    approvals.approve(refund(), always_approve=True)
    approvals.reject(refund("call_2"), always_reject=True)
    (command,) = approvals.request(refund("call_3"), now=2.0)
    assert isinstance(command, RejectTool)


def test_a_formatter_words_what_has_no_message() -> None:
    told: list[ToolErrorDetails] = []

    def formatter(details: ToolErrorDetails) -> str:
        told.append(details)
        return f"{details.tool_name}: no"

    approvals = asked(tool_error_formatter=formatter, context="the call")
    assert approvals.reject(refund()) == [RejectTool(refund(), "refund: no")]
    assert told == [ToolErrorDetails("refund", "call_1", DEFAULT_REJECTION, "the call")]
    assert (told[0].kind, told[0].tool_type) == ("approval_rejected", "function")


@pytest.mark.parametrize("always", [False, True])
def test_a_message_goes_before_the_formatter(always: bool) -> None:
    approvals = asked(tool_error_formatter=lambda details: "formatted")
    assert approvals.reject(refund(), message="", always_reject=always) == [
        RejectTool(refund(), "")
    ]
    if always:
        assert approvals.request(refund("call_2"), now=2.0) == [RejectTool(refund("call_2"), "")]


def test_a_sticky_rejection_without_message_is_formatted_each_time() -> None:
    approvals = asked(tool_error_formatter=lambda details: f"no {details.tool_call_id}")
    approvals.reject(refund(), always_reject=True)
    assert approvals.request(refund("call_2"), now=2.0) == [
        RejectTool(refund("call_2"), "no call_2")
    ]


def raises(details: ToolErrorDetails) -> str:
    raise OSError("secret")


async def is_async(details: ToolErrorDetails) -> str:
    return "too late"


@pytest.mark.parametrize("formatter", [raises, is_async, lambda details: None, lambda details: 7])
def test_a_formatter_that_fails_is_warned_of_and_goes_without_saying(
    formatter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    approvals = asked(tool_error_formatter=formatter)
    assert approvals.reject(refund()) == [RejectTool(refund(), DEFAULT_REJECTION)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "secret" not in caplog.text


def test_what_nobody_decides_in_time_is_rejected() -> None:
    approvals = asked()
    assert approvals.deadline() == 61.0
    assert approvals.expire(now=60.9) == []
    assert approvals.expire(now=61.0) == [
        RejectTool(refund(), "Tool execution was not approved within 60 seconds.")
    ]
    assert (approvals.deadline(), approvals.pending) == (None, ())
    assert approvals.approve(refund()) == []


def test_the_deadline_is_the_first_of_all() -> None:
    approvals = asked(timeout_s=5.0)
    approvals.request(refund("call_2"), now=2.0)
    assert approvals.deadline() == 6.0
    approvals.approve(refund())
    assert approvals.deadline() == 7.0
    (command,) = approvals.expire(now=9.0)
    assert command == RejectTool(
        refund("call_2"), "Tool execution was not approved within 5 seconds."
    )


def test_another_connection_forgets_what_is_pending() -> None:
    approvals = asked()
    approvals.begin(1)
    assert (approvals.pending, approvals.deadline()) == ((), None)
    (error,) = approvals.approve(refund())
    assert isinstance(error, ReportError)


def test_the_same_connection_again_forgets_nothing() -> None:
    approvals = asked()
    approvals.begin(0)
    assert approvals.pending == (refund(),)


def test_a_call_of_an_older_connection_is_dropped() -> None:
    approvals = Approvals()
    approvals.begin(1)
    assert approvals.request(refund(), now=1.0) == []
    assert approvals.pending == ()


def test_what_was_always_approved_still_is_on_another_connection() -> None:
    approvals = asked()
    approvals.approve(refund(), always_approve=True)
    approvals.begin(1)
    again = refund("call_2", generation=1)
    assert approvals.request(again, now=2.0) == [RunTool(again)]


def test_what_ran_on_one_connection_does_not_run_again_on_another() -> None:
    approvals = asked()
    approvals.approve(refund(), always_approve=True)
    approvals.begin(1)
    (error,) = approvals.request(refund(generation=1), now=2.0)
    assert isinstance(error, ReportError)


CALL_IDS = st.sampled_from(["call_1", "call_2"])
ARGUMENTS = st.sampled_from(['{"amount":7}', '{ "amount": 7 }', '{"amount":8}', "{"])
REQUESTS = st.builds(
    refund,
    CALL_IDS,
    ARGUMENTS,
    tool=st.sampled_from(["refund", "pay"]),
    agent=st.sampled_from(["Billing", "Sales"]),
    generation=st.integers(0, 2),
)


class DecisionsInAnyOrder(RuleBasedStateMachine):
    """Whoever asks and decides whatever, again and again, over several connections."""

    def __init__(self) -> None:
        super().__init__()
        self.approvals = Approvals(timeout_s=3.0)
        self.now = 0.0
        self.generation = 0
        self.ended: Counter[str] = Counter()
        self.asked: set[tuple[str, int]] = set()

    @rule(request=REQUESTS)
    def request(self, request: ApprovalRequest) -> None:
        self.note(self.approvals.request(request, now=self.now))

    @rule(request=REQUESTS, always=st.booleans())
    def approve_anything(self, request: ApprovalRequest, always: bool) -> None:
        self.note(self.approvals.approve(request, always_approve=always))

    @rule(request=REQUESTS, always=st.booleans())
    def reject_anything(self, request: ApprovalRequest, always: bool) -> None:
        self.note(self.approvals.reject(request, always_reject=always))

    @precondition(lambda self: self.approvals.pending)
    @rule(always=st.booleans())
    def approve_what_waits_twice(self, always: bool) -> None:
        request = self.approvals.pending[0]
        self.note(self.approvals.approve(request, always_approve=always))
        assert self.approvals.approve(request, always_approve=always) == []
        assert self.ended[request.tool_call_id] == 1

    @rule(elapsed_s=st.integers(0, 4))
    def wait(self, elapsed_s: int) -> None:
        self.now += elapsed_s
        self.note(self.approvals.expire(now=self.now))

    @rule()
    def connect_again(self) -> None:
        self.generation += 1
        self.approvals.begin(self.generation)

    @invariant()
    def no_call_ends_twice(self) -> None:
        assert all(count == 1 for count in self.ended.values())

    @invariant()
    def what_ended_does_not_wait(self) -> None:
        waiting = {request.tool_call_id for request in self.approvals.pending}
        assert waiting.isdisjoint(self.ended)
        assert (self.approvals.deadline() is None) == (not waiting)

    def note(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case AskApproval(request):
                    key = request.tool_call_id, request.generation
                    assert key not in self.asked
                    self.asked.add(key)
                case RunTool(request) | RejectTool(request, _):
                    assert request.generation == self.generation
                    self.ended[request.tool_call_id] += 1
                case ReportError():
                    pass


DecisionsInAnyOrder.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None
)
TestNoCallIsDecidedTwiceWhateverComes = DecisionsInAnyOrder.TestCase
