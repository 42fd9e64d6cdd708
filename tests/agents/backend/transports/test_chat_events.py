"""Chunks of a chat completion, told as events of the Responses API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.backend.model import Json
from sipagent.agents.backend.transports.chat_events import ChatEvents


def chunk(delta: Any = None, finish: str | None = None, **fields: Any) -> Json:
    """Return a chunk."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "created": 7, "model": "m", "choices": [choice], **fields}


def piece(index: int | None, arguments: Any = "", *, name: str = "", call_id: str = "") -> Json:
    """Return a chunk with a piece of a call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    call = {"function": function} | ({"id": call_id} if call_id else {})
    return chunk({"tool_calls": [call | ({} if index is None else {"index": index})]})


def told(*chunks: Json) -> list[Json]:
    """Return the events of a completion."""
    events = ChatEvents()
    return [event for each in chunks for event in events.read(each)] + list(events.end())


def output(*chunks: Json) -> list[Json]:
    """Return what a completion comes to."""
    items: list[Json] = told(*chunks)[-1]["response"]["output"]
    return items


def calls(*chunks: Json) -> list[tuple[str, str, str]]:
    """Return id, name and arguments of the calls of a completion."""
    return [(each["call_id"], each["name"], each["arguments"]) for each in output(*chunks)]


STOP = chunk(finish="stop")


def test_a_text_is_told_as_it_comes() -> None:
    events = told(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hi "}),
        chunk({"content": "you"}),
        STOP,
    )
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event["delta"] for event in events if "delta" in event] == ["Hi ", "you"]
    assert [event["sequence_number"] for event in events] == list(range(9))
    assert events[5]["text"] == "Hi you"
    part = {"type": "output_text", "text": "Hi you", "annotations": [], "logprobs": []}
    assert events[6]["part"] == part
    assert events[2]["part"] == {**part, "text": ""}
    assert events[1]["item"]["content"] == []
    response = events[-1]["response"]
    assert (response["id"], response["model"], response["created_at"]) == ("chatcmpl-1", "m", 7)
    assert response["status"] == "completed"
    (message,) = response["output"]
    assert message == events[7]["item"]
    assert message["content"] == [part]
    assert {event["item_id"] for event in events if "item_id" in event} == {message["id"]}


def test_each_event_is_told_with_its_chunk() -> None:
    events = ChatEvents()
    assert [each["type"] for each in events.read(chunk({"content": "a"}))][-1:] == [
        "response.output_text.delta"
    ]
    assert len(list(events.read(chunk({"content": "b"})))) == 1


def test_a_refusal_is_a_part_of_its_own() -> None:
    events = told(chunk({"refusal": "I "}), chunk({"refusal": "won't."}), STOP)
    assert [event["type"] for event in events][2:6] == [
        "response.content_part.added",
        "response.refusal.delta",
        "response.refusal.delta",
        "response.refusal.done",
    ]
    assert events[5]["refusal"] == "I won't."
    (message,) = events[-1]["response"]["output"]
    assert message["content"] == [{"type": "refusal", "refusal": "I won't."}]


def test_a_call_is_told_as_it_comes() -> None:
    events = told(
        piece(0, name="f", call_id="c1"),
        piece(0, '{"a"'),
        piece(0, ":1}"),
        chunk(finish="tool_calls"),
    )
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[1]["item"]["name"] == "f"
    assert (events[4]["name"], events[4]["arguments"]) == ("f", '{"a":1}')
    (call,) = events[-1]["response"]["output"]
    assert (call["call_id"], call["status"]) == ("c1", "completed")


def test_calls_are_told_apart_by_index() -> None:
    pieces = [piece(0, "1", name="f", call_id="c1"), piece(1, "2", name="g", call_id="c2")]
    assert calls(*pieces, piece(0, "3"), piece(1, "4"), STOP) == [
        ("c1", "f", "13"),
        ("c2", "g", "24"),
    ]


def test_calls_with_the_same_index_are_told_apart_by_id() -> None:
    pieces = [piece(0, "1", name="f", call_id="c1"), piece(0, "2", name="g", call_id="c2")]
    assert calls(*pieces, STOP) == [("c1", "f", "1"), ("c2", "g", "2")]


def test_an_id_may_be_said_with_each_piece() -> None:
    pieces = [piece(0, each, name="f", call_id="c1") for each in "12"]
    assert calls(*pieces, STOP) == [("c1", "f", "12")]


def test_calls_without_an_index_go_on_until_another_id() -> None:
    pieces = [piece(None, "1", name="f", call_id="c1"), piece(None, "2")]
    pieces += [piece(None, "3", name="f", call_id="c2"), piece(None, "4")]
    assert calls(*pieces, STOP) == [("c1", "f", "12"), ("c2", "f", "34")]


def test_a_call_without_an_id_is_given_one() -> None:
    first, second = calls(piece(0, "1", name="f"), piece(1, "2", name="f"), STOP)
    assert first[0] and second[0] and first[0] != second[0]


def test_arguments_may_come_as_an_object() -> None:
    assert calls(piece(0, {"a": 1}, name="f", call_id="c1"), STOP) == [("c1", "f", '{"a":1}')]


def test_what_is_said_and_called_keeps_its_order() -> None:
    chunks = [chunk({"content": "Wait"}), piece(0, "1", name="f", call_id="c1")]
    kinds = [item["type"] for item in output(*chunks, chunk({"content": "."}), STOP)]
    assert kinds == ["message", "function_call"]
    events = told(*chunks, STOP)
    added = [each["output_index"] for each in events if each["type"].endswith("item.added")]
    assert added == [0, 1]


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_answer_that_is_cut_is_incomplete(finish: str, reason: str) -> None:
    last = told(chunk({"content": "a"}), chunk(finish=finish))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["status"] == "incomplete"
    assert last["response"]["incomplete_details"] == {"reason": reason}
    assert last["response"]["output"][0]["status"] == "incomplete"


def test_usage_may_come_last() -> None:
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    last = told(STOP, {"choices": [], "usage": usage})[-1]
    assert last["response"]["usage"] == {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 12,
    }


def test_usage_that_is_short_is_enough_and_the_last_one_counts() -> None:
    chunks = [
        chunk(
            {"content": "a"},
            usage={"prompt_tokens": 5, "completion_tokens": count, "prompt_tokens_details": None},
        )
        for count in (1, 2)
    ]
    usage = told(*chunks, STOP)[-1]["response"]["usage"]
    assert (usage["output_tokens"], usage["total_tokens"]) == (2, 7)
    assert usage["input_tokens_details"] == {"cached_tokens": 0}


def test_without_usage_there_is_none() -> None:
    assert told(STOP)[-1]["response"]["usage"] is None


def test_a_completion_without_a_name_is_given_one() -> None:
    events = told({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]})
    assert events[0]["response"]["id"].startswith("resp_")
    assert events[0]["response"]["id"] == events[-1]["response"]["id"]


def test_fields_that_mean_nothing_are_not_looked_at() -> None:
    delta = {
        "content": None,
        "reasoning_content": "hm",
        "reasoning": "hm",
        "x": 1,
        "tool_calls": None,
    }
    assert output(chunk(delta, system_fingerprint="x"), STOP) == []


def test_it_is_finished_when_it_says_so() -> None:
    events = ChatEvents()
    list(events.read(chunk({"content": "a"})))
    assert not events.is_finished
    list(events.read(STOP))
    assert events.is_finished


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "index",
                    "finish_reason",
                    "usage",
                    "refusal",
                    "prompt_tokens",
                    "created",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"delta": JSON}))})
        | st.dictionaries(st.sampled_from(["choices", "usage", "id"]), JSON)
    )
)
def test_no_chunk_upsets_it(chunks: list[Json]) -> None:
    events = told(*chunks)
    assert events[0]["type"] == "response.created"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
