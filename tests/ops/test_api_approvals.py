"""Which approvals are open, and who may still decide."""

from __future__ import annotations

import pytest

from sipagent.ops.api_approvals import REMEMBERED, Approvals, Ending, Fate
from sipagent.ops.channel import ApprovalAsked, ApprovalClosed, ApprovalDecided


def asked(approval_id: str = "a1") -> ApprovalAsked:
    return ApprovalAsked(approval_id, "c1", "refunds", "Back office", "refund", "{}", 5.0)


def ignored(fate: Fate) -> None:
    raise AssertionError(f"nobody waits, but {fate} came")


def test_questions_are_open_in_the_order_they_came() -> None:
    approvals = Approvals()
    approvals.asked("w1", asked("b"))
    approvals.asked("w2", asked("a"))
    assert [each.approval_id for each in approvals.open] == ["b", "a"]


def test_a_decision_goes_to_the_process_that_asked() -> None:
    approvals, fates = Approvals(), list[Fate]()
    approvals.asked("w1", asked())
    found = approvals.decide("a1", True, "ok", fates.append)
    assert found == ("w1", ApprovalDecided("a1", True, "ok"))
    assert approvals.open == [] and fates == []
    approvals.closed(ApprovalClosed("a1", is_decided=True))
    assert fates == [Fate.TAKEN]


def test_the_process_may_say_that_it_was_late() -> None:
    approvals, fates = Approvals(), list[Fate]()
    approvals.asked("w1", asked())
    approvals.decide("a1", True, "", fates.append)
    approvals.closed(ApprovalClosed("a1", is_decided=False))
    assert fates == [Fate.TOO_LATE]


def test_the_second_to_decide_is_late() -> None:
    approvals = Approvals()
    approvals.asked("w1", asked())
    approvals.decide("a1", True, "", ignored)
    assert approvals.decide("a1", False, "", ignored) is Fate.TOO_LATE


def test_what_is_closed_is_told_apart_from_what_never_was() -> None:
    approvals = Approvals()
    approvals.asked("w1", asked())
    approvals.closed(ApprovalClosed("a1", is_decided=False))
    assert approvals.decide("a1", True, "", ignored) is Fate.TOO_LATE
    assert approvals.decide("a2", True, "", ignored) is Fate.UNKNOWN


def test_the_calls_of_a_process_that_is_gone_are_closed() -> None:
    approvals, fates = Approvals(), list[Fate]()
    for source, approval_id in (("w1", "a1"), ("w1", "a2"), ("w2", "a3")):
        approvals.asked(source, asked(approval_id))
    approvals.decide("a1", True, "", fates.append)
    assert approvals.gone("w1") == ["a1", "a2"]
    assert fates == [Fate.TOO_LATE]
    assert [each.approval_id for each in approvals.open] == ["a3"]
    assert approvals.decide("a2", True, "", ignored) is Fate.TOO_LATE


def test_closing_twice_changes_nothing() -> None:
    approvals, fates = Approvals(), list[Fate]()
    approvals.asked("w1", asked())
    approvals.decide("a1", True, "", fates.append)
    for is_decided in (True, False):
        approvals.closed(ApprovalClosed("a1", is_decided=is_decided))
    approvals.gone("w1")
    assert fates == [Fate.TAKEN]


@pytest.mark.parametrize(
    ("is_approved", "is_decided", "ending"),
    [
        (True, True, Ending.APPROVED),
        (False, True, Ending.REJECTED),
        (True, False, Ending.WITHDRAWN),
        (None, False, Ending.WITHDRAWN),
    ],
)
def test_how_a_question_ended_is_told_once(
    is_approved: bool | None, is_decided: bool, ending: Ending
) -> None:
    approvals, fates = Approvals(), list[Fate]()
    approvals.asked("w1", asked())
    if is_approved is not None:
        approvals.decide("a1", is_approved, "", fates.append)
    assert approvals.closed(ApprovalClosed("a1", is_decided=is_decided)) is ending
    assert approvals.closed(ApprovalClosed("a1", is_decided=is_decided)) is None


def test_not_everything_is_remembered() -> None:
    approvals = Approvals()
    for index in range(REMEMBERED + 1):
        approvals.asked("w1", asked(f"a{index}"))
        approvals.closed(ApprovalClosed(f"a{index}", is_decided=True))
    assert approvals.decide("a0", True, "", ignored) is Fate.UNKNOWN
    assert approvals.decide("a1", True, "", ignored) is Fate.TOO_LATE
