"""The conversation as the engine keeps it."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from typing import Any

import pytest

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.items import Conversation, checked_item

Item = dict[str, Any]


def text(item_id: str) -> Item:
    return {
        "id": item_id,
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": item_id}],
    }


def audio(item_id: str) -> Item:
    content = [{"type": "output_audio", "transcript": "Hello there."}]
    return {"id": item_id, "type": "message", "role": "assistant", "content": content}


def call(tool_call_id: str) -> Item:
    return {"id": f"c_{tool_call_id}", "type": "function_call", "call_id": tool_call_id}


def output(tool_call_id: str) -> Item:
    return {"id": f"o_{tool_call_id}", "type": "function_call_output", "call_id": tool_call_id}


def conversation(*items: Item) -> Conversation:
    held = Conversation()
    for item in items:
        held.add(item)
    return held


def ids(held: Conversation) -> list[str]:
    return [item["id"] for item in held.items()]


def transcript(held: Conversation, item_id: str) -> Any:
    return held.snapshot(item_id)["content"][0]["transcript"]


def test_items_are_appended_and_told_what_stands_before_them() -> None:
    held = Conversation()
    assert [held.add(text(item_id)) for item_id in "abc"] == [None, "a", "b"]
    assert ids(held) == ["a", "b", "c"]
    assert "a" in held and "x" not in held


def test_an_item_may_come_after_another_or_first() -> None:
    held = conversation(text("a"), text("b"))
    assert held.add(text("c"), after="a") == "a"
    assert held.add(text("d"), after="root") is None
    assert ids(held) == ["d", "a", "c", "b"]
    assert held.previous("b") == "c"


@pytest.mark.parametrize(
    ("item", "after", "param"),
    [
        (text("a"), None, "item.id"),
        (text("b"), "x", "previous_item_id"),
        (output("1"), None, "item.call_id"),
    ],
)
def test_what_does_not_fit_is_refused_and_adds_nothing(
    item: Item, after: str | None, param: str
) -> None:
    held = conversation(text("a"))
    with pytest.raises(InvalidConfigError) as caught:
        held.add(item, after=after)
    assert caught.value.param == param
    assert ids(held) == ["a"]


def test_a_call_may_be_answered_while_it_is_there() -> None:
    held = conversation(call("1"))
    held.add(output("1"))
    held.delete("o_1")
    held.delete("c_1")
    with pytest.raises(InvalidConfigError, match="no call '1'"):
        held.add(output("1"))


def test_a_deleted_item_is_gone_and_its_id_is_free() -> None:
    held = conversation(text("a"), text("b"))
    held.delete("a")
    assert ids(held) == ["b"]
    held.add(text("a"))
    assert ids(held) == ["b", "a"]


def test_an_unknown_item_is_refused_with_what_was_wanted_of_it() -> None:
    held = Conversation()
    with pytest.raises(InvalidConfigError) as caught:
        held.delete("x")
    assert caught.value.code == "item_delete_invalid_item_id"
    with pytest.raises(InvalidConfigError) as caught:
        held.truncate("x", 0, 0)
    assert caught.value.code == "item_truncate_invalid_item_id"


def test_a_snapshot_does_not_change_any_more() -> None:
    held = conversation(audio("a"))
    before = held.snapshot("a")
    held.set_transcript("a", "Bye.")
    assert (before["content"][0]["transcript"], transcript(held, "a")) == ("Hello there.", "Bye.")


def test_truncating_takes_the_words_and_keeps_what_was_heard() -> None:
    held = conversation(audio("a"))
    held.set_audio_ms("a", 800)
    held.truncate("a", 0, 800)
    assert transcript(held, "a") == ""
    held.truncate("a", 0, 300)
    with pytest.raises(InvalidConfigError, match="300 ms is already shorter than 301 ms"):
        held.truncate("a", 0, 301)


def test_an_item_that_was_cut_grows_no_more() -> None:
    held = conversation(audio("a"))
    held.set_audio_ms("a", 800)
    held.truncate("a", 0, 300)
    held.set_audio_ms("a", 900)
    held.set_transcript("a", "Hello there, and")
    assert transcript(held, "a") == ""
    with pytest.raises(InvalidConfigError):
        held.truncate("a", 0, 301)


def test_an_id_used_again_is_not_cut() -> None:
    held = conversation(audio("a"))
    held.truncate("a", 0, 0)
    held.delete("a")
    held.add(audio("a"))
    held.set_audio_ms("a", 500)
    held.truncate("a", 0, 500)


@pytest.mark.parametrize(
    ("item", "content_index"),
    [
        (text("a"), 0),
        (audio("a"), 1),
        ({**text("a"), "role": "assistant"}, 0),
        ({**audio("a"), "type": "function_call", "content": 7}, 0),
    ],
)
def test_only_audio_of_an_assistant_is_truncated(item: Item, content_index: int) -> None:
    held = conversation(item)
    before = deepcopy(held.items())
    with pytest.raises(InvalidConfigError) as caught:
        held.truncate("a", content_index, 0)
    assert caught.value.param == "item_id"
    assert held.items() == before


@pytest.mark.parametrize(
    "item", [text("a"), {**text("a"), "content": []}, {**call("1"), "id": "a"}]
)
def test_words_of_an_item_that_is_gone_are_not_put_into_its_successor(item: Item) -> None:
    held = conversation(audio("a"))
    held.delete("a")
    held.add(deepcopy(item))
    held.set_transcript("a", "Hello there.")
    assert held.items() == [item]


def test_an_item_of_a_client_is_told_in_full() -> None:
    item = {"type": "message", "role": "user", "content": []}
    told = {**item, "id": "item_1", "object": "realtime.item", "status": "completed"}
    assert checked_item(item, "item_1") == told
    assert checked_item({**item, "id": ""}, "item_1") == told
    assert checked_item({**item, "id": "mine"}, "item_1")["id"] == "mine"
    assert "id" not in item


def test_what_a_client_gives_is_told_by_where_it_stands() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        checked_item({"type": "message", "role": "user"}, "item_1", "response.input[2]")
    assert caught.value.param == "response.input[2].content"


def request(item_id: str) -> Item:
    return {"id": item_id, "type": "mcp_approval_request", "name": "lend"}


def approval(item_id: str, request_id: str) -> Item:
    item = {"id": item_id, "type": "mcp_approval_response", "approve": True}
    return {**item, "approval_request_id": request_id}


def test_a_request_for_approval_is_answered_once() -> None:
    held = conversation(text("a"), request("r"))
    assert held.add(approval("1", "r"), after="r") == "r"
    for wrong in (approval("2", "r"), approval("3", "a"), approval("4", "x")):
        with pytest.raises(InvalidConfigError) as caught:
            held.add(wrong)
        assert caught.value.param == "item.approval_request_id"
    assert ids(held) == ["a", "r", "1"]


def test_the_sound_of_an_item_is_told_only_when_it_is_asked_for() -> None:
    held = conversation(audio("a"), text("b"))
    held.keep_audio("a", b"12345678" * 4, bytes_per_ms=8)
    held.keep_audio("b", b"12345678", bytes_per_ms=8)
    assert "audio" not in held.snapshot("a")["content"][0]
    assert held.with_audio("a")["content"][0]["audio"] == b64encode(b"12345678" * 4).decode()
    assert held.with_audio("b") == text("b")


def test_the_sound_of_an_item_is_cut_with_it() -> None:
    held = conversation(audio("a"))
    held.keep_audio("a", b"12345678" * 4, bytes_per_ms=8)
    held.set_audio_ms("a", 4)
    held.truncate("a", 0, 1)
    held.keep_audio("a", b"12345678", bytes_per_ms=8)
    assert held.with_audio("a")["content"][0]["audio"] == b64encode(b"12345678").decode()
    held.delete("a")
    held.add(audio("a"))
    assert held.with_audio("a") == audio("a")


MESSAGE: Item = {"type": "message", "role": "user", "content": []}


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ([], "item"),
        ({}, "item.type"),
        ({"type": "mcp_call"}, "item.type"),
        ({**MESSAGE, "id": 7}, "item.id"),
        ({**MESSAGE, "role": "tool"}, "item.role"),
        ({**MESSAGE, "role": []}, "item.role"),
        ({**MESSAGE, "content": None}, "item.content"),
        ({**MESSAGE, "content": ["hello"]}, "item.content[0].type"),
        ({**MESSAGE, "content": [{"type": "input_text"}, {"type": []}]}, "item.content[1].type"),
        (
            {**MESSAGE, "role": "assistant", "content": [{"type": "output_audio"}]},
            "item.content[0].type",
        ),
        ({"type": "function_call_output", "call_id": "a"}, "item.output"),
        ({"type": "function_call_output", "output": "a", "call_id": {}}, "item.call_id"),
        ({"type": "function_call", "call_id": "a", "name": "x"}, "item.arguments"),
        ({"type": "mcp_approval_response", "approve": True}, "item.approval_request_id"),
        ({"type": "mcp_approval_response", "approval_request_id": "a"}, "item.approve"),
        (
            {
                "type": "mcp_approval_response",
                "approval_request_id": "a",
                "approve": True,
                "reason": 7,
            },
            "item.reason",
        ),
    ],
)
def test_what_is_wrong_with_an_item_is_named(item: Any, param: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        checked_item(item, "item_1")
    assert caught.value.param == param
