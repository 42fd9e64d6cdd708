"""What ``tool_choice`` and ``parallel_tool_calls`` make of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.brain.brain import Answer, FunctionCall
from sipagent.engine.brain.choice import allowed_answer

TOOLS = [
    {"type": "mcp", "server_label": "library"},
    {"type": "function", "name": "find"},
    {"type": "function", "name": "count"},
]
FIND, COUNT = FunctionCall("find", '{"n": 1}'), FunctionCall("count", "{}")


def names(choice: Any, *calls: FunctionCall, **session: Any) -> list[str]:
    """Return the calls that are left of an answer."""
    told = {"tool_choice": choice, "tools": TOOLS, **session}
    answer = allowed_answer(Answer(say="Hello.", calls=calls), told)
    assert answer.say == "Hello."
    return [call.name for call in answer.calls]


@pytest.mark.parametrize(
    ("choice", "calls", "left"),
    [
        ("auto", (), []),
        ("auto", (FIND, COUNT), ["find", "count"]),
        ("none", (FIND, COUNT), []),
        ("required", (COUNT,), ["count"]),
        ("required", (), ["find"]),
        ({"type": "function", "name": "count"}, (FIND, COUNT), ["count"]),
        ({"type": "function", "name": "other"}, (FIND,), ["other"]),
        ({"type": "mcp", "server_label": "library", "name": "lend"}, (), ["lend"]),
        ({"type": "mcp", "server_label": "library"}, (FIND,), ["find"]),
    ],
)
def test_the_choice_is_obeyed(
    choice: Any, calls: tuple[FunctionCall, ...], left: list[str]
) -> None:
    assert names(choice, *calls) == left


def test_without_a_function_nothing_can_be_demanded() -> None:
    assert names("required", tools=[]) == []


def test_a_call_that_fits_keeps_its_arguments() -> None:
    session = {"tool_choice": {"type": "function", "name": "find"}, "tools": TOOLS}
    assert allowed_answer(Answer(calls=(FIND,)), session).calls == (FIND,)


def test_calls_may_have_to_be_made_one_by_one() -> None:
    assert names("auto", FIND, COUNT, parallel_tool_calls=False) == ["find"]
    assert names("auto", FIND, COUNT, parallel_tool_calls=None) == ["find", "count"]
