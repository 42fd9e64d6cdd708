"""Labels whose values somebody else thinks up."""

from __future__ import annotations

import pytest

from sipagent.calls import facts
from sipagent.ops import metrics
from sipagent.ops.few_values import MAX_CHARS, FewValues
from sipagent.ops.metrics import TOOL_CALLS, MetricsObserver


def test_the_first_values_are_kept_and_all_others_are_one() -> None:
    values = FewValues(2)
    assert [values.of(each) for each in ("a", "b", "c", "a", "d")] == [
        *("a", "b", "other", "a", "other")
    ]
    assert FewValues(2).of("x" * (MAX_CHARS + 1)) == "other"


def test_a_server_that_thinks_up_tools_makes_no_endless_series(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "_TOOLS", FewValues(2))
    observer = MetricsObserver()
    observer.tell("c", facts.CallRouted("inventive", "Ada"), at=0.0)
    for number in range(9):
        told = facts.ToolCalled(str(number), f"tool_{number}", "{}", "", False, 1)
        observer.tell("c", told, at=0.0)
    samples = [each for metric in TOOL_CALLS.collect() for each in metric.samples]
    tools = {each.labels["tool"] for each in samples if each.labels["plan"] == "inventive"}
    assert tools == {"tool_0", "tool_1", "other"}
