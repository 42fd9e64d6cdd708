"""What may be asked of a response."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.responses.input_items import message
from sipagent.engine.responses.wanted import wanted

ASKED = {"model": "gpt-x", "input": "Hello"}
SCHEMA = {"type": "json_schema", "name": "o", "strict": True, "schema": {"type": "object"}}


def refused(body: Any, *, has_socket: bool = False) -> tuple[str, str]:
    with pytest.raises(InvalidConfigError) as caught:
        wanted(body, has_socket=has_socket)
    return caught.value.param, caught.value.code


def test_little_is_enough() -> None:
    asked = wanted(ASKED)
    assert asked.input == [message("user", "Hello")]
    assert (asked.is_stored, asked.is_streamed, asked.is_generated) == (True, False, True)
    assert asked.told["model"] == "gpt-x"
    assert asked.told["tool_choice"] == "auto"
    assert asked.told["text"] == {"format": {"type": "text"}}


def test_what_is_null_is_as_if_it_were_not_there() -> None:
    nothing = {"tools": None, "store": None, "text": None, "previous_response_id": None}
    assert wanted({**ASKED, **nothing}) == wanted(ASKED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("instructions", "Be brief."),
        ("max_output_tokens", 9),
        ("metadata", {"a": "b"}),
        ("parallel_tool_calls", False),
        ("previous_response_id", "resp_1"),
        ("prompt", {"id": "desk", "variables": {"agent": "Billing"}}),
        ("reasoning", {"effort": "low", "summary": "auto"}),
        ("reasoning", {"effort": "none"}),
        ("temperature", 0.5),
        ("text", {"format": SCHEMA, "verbosity": "low"}),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "name": "find"}),
        ("top_p", 0.1),
        ("truncation", "auto"),
    ],
)
def test_what_is_asked_is_told(field: str, value: Any) -> None:
    assert wanted({**ASKED, field: value}).told[field] == value


def test_a_conversation_is_named_either_way() -> None:
    for told in ("conv_1", {"id": "conv_1"}):
        assert wanted({**ASKED, "conversation": told}).told["conversation"] == {"id": "conv_1"}


def test_a_tool_is_told_with_every_field() -> None:
    (tool,) = wanted({**ASKED, "tools": [{"type": "function", "name": "find"}]}).told["tools"]
    assert tool.keys() == {"type", "name", "description", "parameters", "strict"}


def test_what_changes_nothing_here_is_taken() -> None:
    extra = {"include": ["x"], "service_tier": "auto", "user": "u", "background": False}
    assert wanted({**ASKED, **extra}) == wanted(ASKED)


def test_a_prompt_names_its_model() -> None:
    assert wanted({"prompt": {"id": "desk"}}).told["model"]


def test_only_a_socket_may_ask_to_prepare() -> None:
    body = {**ASKED, "generate": False}
    assert not wanted(body, has_socket=True).is_generated
    assert refused(body) == ("generate", "unknown_parameter")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"input": None}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"nonsense": 1}, "nonsense"),
        ({"stream": "yes"}, "stream"),
        ({"store": 1}, "store"),
        ({"background": True}, "background"),
        ({"conversation": 7}, "conversation"),
        ({"conversation": {}}, "conversation.id"),
        ({"conversation": "c", "previous_response_id": "r"}, "previous_response_id"),
        ({"instructions": 7}, "instructions"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"metadata": {"k": 7}}, "metadata.k"),
        ({"reasoning": {"effort": "some"}}, "reasoning.effort"),
        ({"temperature": 3}, "temperature"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": 7}]}, "tools[0].parameters"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {**SCHEMA, "name": None}}}, "text.format.name"),
        ({"text": {"format": {**SCHEMA, "schema": None}}}, "text.format.schema"),
        ({"truncation": "never"}, "truncation"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], param: str) -> None:
    assert refused({**ASKED, **change})[0] == param


def test_a_body_is_an_object() -> None:
    assert refused([]) == ("body", "invalid_type")
