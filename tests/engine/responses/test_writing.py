"""The events of one response, and their order."""

from __future__ import annotations

from sipagent.engine.brain.brain import FunctionCall
from sipagent.engine.responses.desk import response_object
from sipagent.engine.responses.input_items import message
from sipagent.engine.responses.reply import Reply
from sipagent.engine.responses.wanted import wanted
from sipagent.engine.responses.writing import Pause, Step, Writing

from .official import Json, check_events, check_response

TOLD = wanted({"model": "gpt-x", "input": "x", "metadata": {"a": "b"}}).told
TEXT = [
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
]
CALL = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


def written(reply: Reply | None) -> tuple[list[Step], Json, list[Json]]:
    """Return the steps of a response, the response and the items it ended with."""
    ended: list[tuple[Json, list[Json]]] = []
    writing = Writing(
        response_object(TOLD, now=1_700_000_000),
        reply,
        input_tokens=3,
        ended=lambda response, items: ended.append((response, items)),
    )
    steps = list(writing.steps())
    ((response, items),) = ended
    assert steps[-1] == {**last_of(steps), "response": check_response(response)}
    return steps, response, items


def last_of(steps: list[Step]) -> Json:
    assert isinstance(steps[-1], dict)
    return steps[-1]


def events_of(steps: list[Step]) -> list[Json]:
    return [each for each in steps if isinstance(each, dict)]


def test_text_comes_in_parts() -> None:
    steps, response, items = written(Reply(pieces=("Good", " day"), tokens=2))
    events = events_of(steps)
    assert check_events(events) == ["created", "in_progress", *TEXT, "completed"]
    assert [each["delta"] for each in events if "delta" in each] == ["Good", " day"]
    (output,) = response["output"]
    assert output["status"] == "completed"
    assert output["content"] == [
        {"type": "output_text", "text": "Good day", "annotations": [], "logprobs": []}
    ]
    assert items == [message("assistant", "Good day")]
    assert {each["item_id"] for each in events if "item_id" in each} == {output["id"]}
    assert response["usage"]["total_tokens"] == 5


def test_a_response_is_first_told_without_its_end() -> None:
    steps, _, _ = written(Reply(pieces=("Hi",)))
    for event in events_of(steps)[:2]:
        told = check_response(event["response"])
        assert (told["status"], told["output"], told["usage"]) == ("in_progress", [], None)
        assert told["metadata"] == {"a": "b"}


def test_calls_come_after_the_text() -> None:
    calls = (FunctionCall("find", '{"n": 1}'), FunctionCall("count", "{}"))
    steps, response, items = written(Reply(pieces=("One", " moment"), calls=calls))
    events = events_of(steps)
    names = check_events(events)
    assert names == ["created", "in_progress", *TEXT, *CALL, *CALL, "completed"]
    assert [each["type"] for each in response["output"]] == ["message", *["function_call"] * 2]
    found, counted = response["output"][1:]
    assert (found["name"], found["arguments"], found["status"]) == (
        "find",
        '{"n": 1}',
        "completed",
    )
    assert found["call_id"] != counted["call_id"]
    assert [each["call_id"] for each in items[1:]] == [found["call_id"], counted["call_id"]]
    added = [each["output_index"] for each in events if each["type"].endswith("item.added")]
    assert added == [0, 1, 2]


def test_a_call_alone_has_no_text_beside_it() -> None:
    steps, _, _ = written(Reply(calls=(FunctionCall("find", "{}"),)))
    assert check_events(events_of(steps)) == ["created", "in_progress", *CALL, "completed"]


def test_an_empty_answer_is_a_message_all_the_same() -> None:
    _, response, _ = written(Reply())
    assert response["output"][0]["content"][0]["text"] == ""


def test_an_answer_that_was_cut_says_so() -> None:
    steps, response, _ = written(Reply(pieces=("Good",), is_text_cut=True, is_cut=True))
    assert last_of(steps)["type"] == "response.incomplete"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["output"][0]["status"] == "incomplete"


def test_a_text_is_whole_where_only_a_call_was_cut() -> None:
    _, response, _ = written(Reply(pieces=("Good",), is_cut=True))
    assert (response["status"], response["output"][0]["status"]) == ("incomplete", "completed")


def test_nothing_is_made_of_no_tokens() -> None:
    _, response, _ = written(Reply(is_text_cut=True, is_cut=True))
    assert (response["status"], response["output"]) == ("incomplete", [])


def test_a_response_that_fails_tells_why() -> None:
    steps, response, items = written(Reply(error_code="server_error"))
    assert check_events(events_of(steps)) == ["created", "in_progress", "failed"]
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    assert (response["output"], items) == ([], [])


def test_what_is_only_prepared_is_complete_and_empty() -> None:
    steps, response, _ = written(None)
    assert check_events(events_of(steps)) == ["created", "in_progress", "completed"]
    assert (response["status"], response["output"]) == ("completed", [])


def test_there_is_a_pause_before_each_part() -> None:
    steps, _, _ = written(Reply(pieces=("a", " b"), pause_ms=5))
    pauses = [index for index, step in enumerate(steps) if step == Pause(5)]
    assert [events_of([steps[index + 1]])[0]["delta"] for index in pauses] == ["a", " b"]
