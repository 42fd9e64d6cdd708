"""Chat completions: what may be asked, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.responses.chat import ChatDesk, Completion
from sipagent.engine.responses.chat_request import chat_request
from sipagent.engine.responses.reply import RefusedError
from sipagent.engine.responses.writing import Pause
from tests.peers.recorder import undeclared

from .official import Json

NOW = 1_700_000_000
FIND = {"type": "function", "function": {"name": "find", "parameters": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def completion(*messages: Any, **asked: Any) -> Completion:
    """Return the completion of messages, a text being the user's."""
    told = [
        {"role": "user", "content": each} if isinstance(each, str) else each for each in messages
    ]
    return ChatDesk(Scripts({})).begin({"model": "gpt-x", "messages": told, **asked}, now=NOW)


def whole(*messages: Any, **asked: Any) -> Json:
    told = completion(*messages, **asked).whole()
    assert undeclared(ChatCompletion.model_validate(told)) == set()
    return told


def choice(*messages: Any, **asked: Any) -> tuple[str | None, list[Json], str]:
    """Return text, functions called, and why it ended."""
    (told,) = whole(*messages, **asked)["choices"]
    calls = told["message"].get("tool_calls", [])
    return told["message"]["content"], [each["function"] for each in calls], told["finish_reason"]


def chunks(*messages: Any, **asked: Any) -> list[Json]:
    steps = completion(*messages, stream=True, **asked).steps()
    told = [each for each in steps if isinstance(each, dict)]
    for each in told:
        assert undeclared(ChatCompletionChunk.model_validate(each)) == set()
    return told


def test_a_text_is_answered() -> None:
    assert choice("Hello there") == ("echo Hello there", [], "stop")
    system = {"role": "system", "content": "Be brief."}
    assert choice(system, "Hello") == ("echo Hello", [], "stop")


def test_what_it_costs_is_told() -> None:
    usage = whole("12345678")["usage"]
    assert usage == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_a_function_is_called_and_its_answer_answered() -> None:
    find = {"name": "find", "arguments": '{"n": 1}'}
    assert choice('call:find {"n": 1}', tools=[FIND]) == (None, [find], "tool_calls")
    result = {"role": "tool", "tool_call_id": "c1", "content": "found it"}
    assert choice("x", CALLED, result) == ("found it", [], "stop")


@pytest.mark.parametrize(
    "tool_choice", ["required", {"type": "function", "function": {"name": "find"}}]
)
def test_a_function_that_is_demanded_is_called(tool_choice: Any) -> None:
    _, calls, _ = choice("Hello", tools=[FIND], tool_choice=tool_choice)
    assert calls == [{"name": "find", "arguments": "{}"}]


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_text_is_cut_where_there_are_no_tokens_left(limit: str) -> None:
    assert choice("say:1234567 abcd", **{limit: 2}) == ("1234567", [], "length")


def test_chunks_are_the_same_answer() -> None:
    told = chunks("calls:find {} | count {}")
    deltas = [each["choices"][0]["delta"] for each in told]
    assert deltas[0]["role"] == "assistant"
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    assert [each["index"] for each in calls] == [0, 0, 1, 1]
    assert [each["function"].get("name") for each in calls] == ["find", None, "count", None]
    assert told[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert len({each["id"] for each in told}) == 1


def test_a_text_comes_in_parts() -> None:
    told = chunks("say:one two three")
    deltas = [each["choices"][0]["delta"].get("content") for each in told]
    assert deltas == ["", "one", " two", " three", None]
    assert [each["choices"][0]["finish_reason"] for each in told] == [None] * 4 + ["stop"]


def test_a_stream_tells_what_it_cost_where_that_is_asked() -> None:
    told = chunks("Hello", stream_options={"include_usage": True})
    assert told[-1]["choices"] == []
    assert told[-1]["usage"]["total_tokens"] > 0
    assert all("usage" not in each for each in chunks("Hello"))


def test_a_slow_answer_pauses_between_its_parts() -> None:
    steps = completion("slow:20 one two", stream=True).steps()
    assert [each for each in steps if isinstance(each, Pause)] == [Pause(10), Pause(10)]


def test_a_failure_is_as_asked() -> None:
    assert completion("fail:server_error").error_code == "server_error"
    with pytest.raises(RefusedError):
        completion("fail:503")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].type",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [CALLED]}, "messages"),
        (
            {"messages": [{**CALLED, "tool_calls": [{"id": "c1"}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"n": 2}, "n"),
        ({"stream": 1}, "stream"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tools": [{"type": "function", "name": "find"}]}, "tools[0].function"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ],
)
def test_what_is_wrong_is_named(change: Any, param: str) -> None:
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "Hello"}], **change}
    with pytest.raises(InvalidConfigError) as caught:
        chat_request(body)
    assert caught.value.param == param


def test_what_changes_nothing_here_is_taken() -> None:
    body = {"model": "gpt-x", "messages": [], "temperature": 0.5, "response_format": {}}
    assert chat_request(body).items == []
