"""What the backend agent is told, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.calls.delegation_text import MAX_TALK_CHARS, NO_ANSWER, answer_text, backend_input


def heard(role: str, text: str | None, kind: str = "transcript") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "x", kind: text}]}


def call(name: str, output: str | None) -> dict[str, Any]:
    return {"type": "function_call", "name": name, "arguments": "{}", "output": output}


def test_the_conversation_comes_before_the_request() -> None:
    history = [
        heard("assistant", "Hello."),
        heard("user", "My clock is broken.", "text"),
        call("order_status", "Order 7 is paid."),
        call("delegate", None),
    ]
    talk, request = backend_input(history, "Refund order 7.")
    assert talk == {
        "role": "user",
        "content": "The telephone conversation so far:\nAgent: Hello.\n"
        "Caller: My clock is broken.\n(order_status: Order 7 is paid.)",
    }
    assert request == {"role": "user", "content": "Refund order 7."}


def test_without_a_conversation_there_is_the_request_alone() -> None:
    history = [heard("user", None), heard("system", "Be kind."), call("delegate", "Done.")]
    assert backend_input(history, "x") == [{"role": "user", "content": "x"}]


def test_of_a_long_conversation_the_end_is_told() -> None:
    talk, _ = backend_input([heard("user", "a" * MAX_TALK_CHARS + "the end")], "x")
    assert talk["content"].endswith("athe end")
    assert len(talk["content"]) < MAX_TALK_CHARS + 100


@pytest.mark.parametrize(
    ("output", "text"), [("Yes.", "Yes."), ({"paid": True}, '{"paid": true}'), (None, NO_ANSWER)]
)
def test_an_answer_is_text(output: Any, text: str) -> None:
    assert answer_text(output) == text
