"""What a text agent is told, item by item."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.responses.input_items import (
    MOST_CHARS,
    MOST_ITEMS,
    check_conversation,
    checked_input,
    function_call,
    function_output,
    input_tokens,
    message,
)

CALL = {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"n": 1}'}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "found"}


def test_a_text_is_what_the_user_says() -> None:
    assert checked_input("Hello") == [message("user", "Hello")]


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ({"role": "user", "content": "Hello"}, message("user", "Hello")),
        ({"type": "message", "role": "developer", "content": "x"}, message("system", "x")),
        (
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Good "},
                    {"type": "input_text", "text": "day"},
                ],
            },
            message("user", "Good day"),
        ),
        (
            {
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {"type": "output_text", "text": "Hi", "annotations": []},
                    {"type": "refusal", "refusal": ", no"},
                ],
            },
            message("assistant", "Hi, no"),
        ),
        ({**CALL, "id": "fc_1", "status": "completed"}, CALL),
        ({**OUTPUT, "output": [{"type": "input_text", "text": "found"}]}, OUTPUT),
    ],
)
def test_what_an_answer_depends_on_is_kept(item: Any, kept: Any) -> None:
    assert checked_input([item]) == [kept]


def test_reasoning_of_another_model_is_left_out() -> None:
    assert checked_input([{"type": "reasoning", "id": "rs_1", "summary": []}]) == []


@pytest.mark.parametrize(
    ("value", "param"),
    [
        (7, "input"),
        ([7], "input[0]"),
        ([{"role": "nobody", "content": ""}], "input[0].role"),
        ([{"role": "user"}], "input[0].content"),
        ([{"role": "user", "content": [{"type": "input_image"}]}], "input[0].content[0].type"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text"),
        ([{**CALL, "arguments": {}}], "input[0].arguments"),
        ([CALL, {**OUTPUT, "call_id": None}], "input[1].call_id"),
        ([CALL, {**OUTPUT, "output": 7}], "input[1].output"),
        ([{"type": "item_reference", "id": "msg_1"}], "input[0].type"),
    ],
)
def test_what_is_wrong_is_named(value: Any, param: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        checked_input(value)
    assert caught.value.param == param


def test_a_call_with_its_output_is_whole() -> None:
    check_conversation([message("user", "x"), CALL, OUTPUT])


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([OUTPUT], "No tool call found for function call output with call_id c1."),
        ([OUTPUT, CALL], "No tool call found for function call output with call_id c1."),
        ([CALL], "No tool output found for function call c1."),
        ([CALL, OUTPUT, function_call("c2", "find", "{}")], "No tool output found"),
        ([CALL, function_output("c2", "x")], "No tool call found"),
    ],
)
def test_a_call_and_its_output_are_told_together(items: Any, text: str) -> None:
    with pytest.raises(InvalidConfigError, match=text) as caught:
        check_conversation(items)
    assert caught.value.param == "input"


@pytest.mark.parametrize(
    "items",
    [[message("user", "x")] * (MOST_ITEMS + 1), [message("user", "x" * (MOST_CHARS + 1))]],
    ids=["items", "characters"],
)
def test_a_conversation_that_is_too_long_is_refused(items: Any) -> None:
    check_conversation(items[:MOST_ITEMS] if len(items) > 1 else [])
    with pytest.raises(InvalidConfigError) as caught:
        check_conversation(items)
    assert caught.value.code == "context_length_exceeded"


def test_what_it_costs_to_read_is_counted() -> None:
    assert input_tokens([message("user", "12345678"), CALL, OUTPUT], 4) == (8 + 8 + 5) // 4
