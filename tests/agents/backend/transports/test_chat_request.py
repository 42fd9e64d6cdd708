"""Requests told in the words of Chat Completions."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.agents.backend.transports.chat_request import chat_body
from sipagent.errors import ModelError

CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
CALLED = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def body(*items: Json, **options: Any) -> Json:
    """Return the body that asks with ``items``."""
    given = {"model": "m", "instructions": "", "input": items, **options}
    return chat_body(ModelRequest(**given), "")


def messages(*items: Json) -> list[Json]:
    """Return what is told of ``items``."""
    told: list[Json] = body(*items)["messages"]
    return told


def said(role: str, *parts: Json) -> Json:
    """Return a message."""
    return {"type": "message", "role": role, "content": list(parts)}


def text(kind: str, words: str) -> Json:
    """Return a part that is a text."""
    return {"type": kind, "text": words}


def test_a_request_that_says_little_is_little() -> None:
    assert body({"role": "user", "content": "hello"}, instructions="Be brief.") == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_model_with_a_name_is_asked_by_it() -> None:
    assert chat_body(ModelRequest("m", "", ()), "own")["model"] == "own"


def test_parts_of_text_become_a_text() -> None:
    told = messages(said("user", text("input_text", "a"), text("input_text", "b")))
    assert told == [{"role": "user", "content": "ab"}]


def test_images_stay_parts() -> None:
    image = {"type": "input_image", "image_url": "data:x"}
    (told,) = messages(said("user", text("input_text", "a"), image))
    assert told["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "auto"}},
    ]


def test_developers_are_the_system() -> None:
    assert messages({"role": "developer", "content": "x"})[0]["role"] == "system"


def test_what_the_model_would_not_answer_is_what_it_said() -> None:
    refusal = {"type": "refusal", "refusal": "No."}
    assert messages(said("assistant", refusal)) == [{"role": "assistant", "content": "No."}]


def test_calls_of_an_answer_are_one_message_with_what_was_said() -> None:
    told = messages(
        {"role": "user", "content": "x"},
        {"type": "reasoning", "summary": []},
        said("assistant", text("output_text", "Let me see.")),
        CALL,
        {**CALL, "call_id": "c2"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": [text("input_text", "2")]},
    )
    assert told == [
        {"role": "user", "content": "x"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [CALLED, {**CALLED, "id": "c2"}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": "2"},
    ]


def test_what_is_said_after_a_call_is_in_its_message() -> None:
    output = {"type": "function_call_output", "call_id": "c1", "output": "1"}
    told = messages(CALL, said("assistant", text("output_text", "Wait.")), output)
    assert told[0] == {"role": "assistant", "content": "Wait.", "tool_calls": [CALLED]}
    assert told[1]["role"] == "tool"


def test_what_is_said_after_an_answer_is_a_message_of_its_own() -> None:
    said_twice = [said("assistant", text("output_text", each)) for each in ("a", "b")]
    assert [each["content"] for each in messages(*said_twice)] == ["a", "b"]


def test_a_call_without_arguments_has_none() -> None:
    (told,) = messages({**CALL, "arguments": ""})
    assert told["tool_calls"][0]["function"]["arguments"] == "{}"
    assert told["content"] is None


def test_tools_are_functions() -> None:
    tool = {"type": "function", "name": "f", "description": "d", "parameters": {}, "strict": True}
    told = body(tools=(tool,), settings={"tool_choice": {"type": "function", "name": "f"}})
    function = {"name": "f", "description": "d", "parameters": {}, "strict": True}
    assert told["tools"] == [{"type": "function", "function": function}]
    assert told["tool_choice"] == {"type": "function", "function": {"name": "f"}}


def test_a_form_of_the_answer_is_asked_for() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    told = body(output_schema=schema, settings={"text": {"verbosity": "low"}})
    form = {"name": "output", "strict": False, "schema": schema}
    form["strict"] = told["response_format"]["json_schema"]["strict"]
    assert told["response_format"] == {"type": "json_schema", "json_schema": form}
    assert told["verbosity"] == "low"
    assert "text" not in told


def test_settings_go_by_the_names_that_endpoints_know() -> None:
    settings = {
        "max_output_tokens": 9,
        "reasoning": {"effort": "low"},
        "truncation": "auto",
        "include": ["x"],
        "tool_choice": "required",
        "temperature": 0.5,
        "top_k": 3,
    }
    told = body(settings=settings)
    assert {key: told[key] for key in told.keys() - {"messages", "model", "stream"}} == {
        "max_tokens": 9,
        "reasoning_effort": "low",
        "tool_choice": "required",
        "temperature": 0.5,
        "top_k": 3,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    "options",
    [
        {"previous_response_id": "resp_1"},
        {"conversation_id": "conv_1"},
        {"settings": {"prompt": {"id": "p"}}},
        {"tools": ({"type": "web_search"},)},
        {"input": ({"type": "item_reference", "id": "x"},)},
        {"input": (said("user", {"type": "input_file", "file_id": "f"}),)},
        {"input": (said("user", {"type": "input_image", "file_id": "f"}),)},
    ],
)
def test_what_cannot_be_said_is_an_error(options: Json) -> None:
    with pytest.raises(ModelError, match="chat completions have no"):
        body(**options) if "input" not in options else body(*options["input"])
