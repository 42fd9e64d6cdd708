"""What a response answers to, read from the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.brain.brain import Turn
from sipagent.engine.brain.context import turn_of

Item = dict[str, Any]


def message(role: str, *content: Item) -> Item:
    return {"type": "message", "role": role, "content": list(content)}


def typed(text: str) -> Item:
    return message("user", {"type": "input_text", "text": text})


def spoken(transcript: str | None) -> Item:
    return message("user", {"type": "input_audio", "transcript": transcript})


def call(name: str, tool_call_id: str) -> Item:
    return {"type": "function_call", "name": name, "call_id": tool_call_id}


def output(tool_call_id: str, text: str) -> Item:
    return {"type": "function_call_output", "call_id": tool_call_id, "output": text}


ANSWER = message("assistant", {"type": "output_audio", "transcript": "Yes."})
SYSTEM = message("system", {"type": "input_text", "text": "Be brief."})


def turn(*items: Item) -> Turn:
    return turn_of(items, instructions="", tools=[])


def test_nothing_is_nothing_said() -> None:
    assert turn() == Turn(None)


def test_what_was_typed_counts_as_typed() -> None:
    assert turn(typed("hello")) == Turn("hello", is_typed=True)


def test_what_was_spoken_counts_as_spoken() -> None:
    assert turn(spoken("hello")) == Turn("hello")


@pytest.mark.parametrize("transcript", [None, ""])
def test_speech_nobody_understood_is_something_said(transcript: str | None) -> None:
    assert turn(spoken(transcript)) == Turn("")


def test_what_was_answered_is_answered() -> None:
    assert turn(typed("hello"), ANSWER) == Turn(None)
    assert turn(spoken("one"), ANSWER, spoken("two")) == Turn("two")


def test_turns_of_a_caller_who_only_paused_are_one() -> None:
    assert turn(spoken("i have a question"), spoken(""), spoken("about my bill")) == Turn(
        "i have a question about my bill"
    )


def test_of_what_was_typed_the_last_counts() -> None:
    assert turn(typed("one"), typed("two")) == Turn("two", is_typed=True)


def test_speech_after_a_text_is_speech_alone() -> None:
    assert turn(typed("call:x"), spoken("hello")) == Turn("hello")


def test_a_text_after_speech_is_a_text() -> None:
    assert turn(spoken("hello"), typed("call:x")) == Turn("call:x", is_typed=True)


def test_system_messages_say_nothing_and_separate_nothing() -> None:
    assert turn(spoken("one"), SYSTEM, spoken("two"), SYSTEM) == Turn("one two")


def test_outputs_come_in_order_with_the_names_of_their_calls() -> None:
    items = (typed("go"), call("find", "a"), call("count", "b"), output("b", "7"), output("a", "x"))
    assert turn(*items) == Turn(None, outputs=(("count", "7"), ("find", "x")))


def test_an_output_that_came_before_the_next_call_is_told_too() -> None:
    items = (typed("go"), call("find", "a"), output("a", "x"), call("count", "b"), output("b", "7"))
    assert turn(*items) == Turn(None, outputs=(("find", "x"), ("count", "7")))


def test_outputs_that_were_answered_are_answered() -> None:
    items = (call("find", "a"), output("a", "x"), ANSWER, call("count", "b"), output("b", "7"))
    assert turn(*items) == Turn(None, outputs=(("count", "7"),))


def test_a_caller_who_speaks_after_an_output_is_answered_instead() -> None:
    assert turn(call("find", "a"), output("a", "x"), spoken("stop")) == Turn("stop")


def test_an_output_answers_for_what_was_said_while_the_tool_ran() -> None:
    items = (call("find", "a"), spoken("hello?"), output("a", "x"))
    assert turn(*items) == Turn(None, outputs=(("find", "x"),))


def test_the_output_of_a_call_that_was_deleted_has_no_name() -> None:
    assert turn(output("a", "x")) == Turn(None, outputs=(("", "x"),))


def test_instructions_and_tools_are_passed_on() -> None:
    tools = [{"type": "function", "name": "find"}, {"type": "mcp"}]
    found = turn_of([typed("go")], instructions="Greet.", tools=tools)
    assert found.instructions == "Greet."
    assert "find" in found.tools


def test_an_item_without_words_says_nothing() -> None:
    picture = message("user", {"type": "input_image", "image_url": "data:"})
    assert turn(spoken("look"), picture) == Turn("look")


LISTING = {"type": "mcp_list_tools", "server_label": "library", "tools": []}
REQUEST = {"type": "mcp_approval_request", "name": "find"}
APPROVAL = {"type": "mcp_approval_response", "approve": True}


def mcp_call(output: str | None, error: Item | None = None) -> Item:
    return {"type": "mcp_call", "name": "find", "output": output, "error": error}


def test_what_an_mcp_tool_said_is_answered_to() -> None:
    assert turn(typed("where?"), mcp_call("shelf 7")) == Turn(None, outputs=(("find", "shelf 7"),))
    approved = turn(typed("where?"), REQUEST, APPROVAL, mcp_call("shelf 7"))
    assert approved == Turn(None, outputs=(("find", "shelf 7"),))


def test_what_an_mcp_tool_failed_with_is_answered_to() -> None:
    error = {"type": "tool_execution_error", "message": "it is lent"}
    assert turn(mcp_call(None, error)) == Turn(None, outputs=(("find", "it is lent"),))


def test_a_list_of_tools_is_not_said_by_anybody() -> None:
    assert turn(typed("hello"), LISTING) == Turn("hello", is_typed=True)
    assert turn(LISTING, ANSWER, LISTING) == Turn(None)


def test_what_waits_for_approval_is_not_asked_again() -> None:
    assert turn(typed("call:find"), REQUEST) == Turn(None)
