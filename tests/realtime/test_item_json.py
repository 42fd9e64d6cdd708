"""Items of the endpoint, read and shown."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.realtime.history_items import (
    AssistantMessage,
    FunctionCall,
    InputAudio,
    InputImage,
    InputText,
    McpApprovalRequest,
    McpCall,
    OutputAudio,
    OutputText,
    SystemMessage,
    UserMessage,
)
from sipagent.realtime.item_json import from_wire, to_json

Wire = dict[str, Any]


def message(role: str, *content: Wire, **fields: Any) -> Wire:
    return {"id": "item_1", "type": "message", "role": role, "content": list(content), **fields}


def test_a_users_parts_are_read() -> None:
    item = from_wire(
        message(
            "user",
            {"type": "input_text", "text": "Look:"},
            {"type": "input_audio", "transcript": "this"},
            {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
            status="in_progress",
        ),
        store_audio=False,
    )
    image = InputImage("data:image/png;base64,AA==", "low")
    assert item == UserMessage(
        "item_1", (InputText("Look:"), InputAudio(None, "this"), image), "in_progress"
    )


def test_an_assistants_parts_are_read_under_their_beta_names_too() -> None:
    ga = message(
        "assistant",
        {"type": "output_text", "text": "a"},
        {"type": "output_audio", "transcript": "b"},
        status="incomplete",
    )
    beta = message(
        "assistant",
        {"type": "text", "text": "a"},
        {"type": "audio", "transcript": "b"},
        status="incomplete",
    )
    expected = AssistantMessage("item_1", (OutputText("a"), OutputAudio(None, "b")), "incomplete")
    assert from_wire(ga, store_audio=False) == expected
    assert from_wire(beta, store_audio=False) == expected


def test_a_system_message_has_text_only() -> None:
    item = message("system", {"type": "input_text", "text": "Be kind."}, {"type": "input_audio"})
    assert from_wire(item, store_audio=True) == SystemMessage("item_1", (InputText("Be kind."),))


@pytest.mark.parametrize(("store_audio", "kept"), [(True, "AAAA"), (False, None)])
def test_audio_is_kept_only_when_it_is_wanted(store_audio: bool, kept: str | None) -> None:
    said = from_wire(
        message("assistant", {"type": "output_audio", "audio": "AAAA"}), store_audio=store_audio
    )
    heard = from_wire(
        message("user", {"type": "input_audio", "audio": "AAAA"}), store_audio=store_audio
    )
    assert said == AssistantMessage("item_1", (OutputAudio(kept),))
    assert heard == UserMessage("item_1", (InputAudio(kept),))


def test_a_function_call_is_going_on_until_it_has_an_output() -> None:
    wire = {
        "id": "item_1",
        "type": "function_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "look_up",
        "arguments": "{}",
    }
    item = from_wire(wire, store_audio=False)
    assert item == FunctionCall("item_1", "call_1", "look_up", "{}")
    assert to_json(item)["status"] == "in_progress"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "in_progress"),
        ({"output": "sunny"}, "completed"),
        ({"output": None, "error": {"type": "http_error"}}, "incomplete"),
        ({"status": "completed"}, "completed"),
    ],
)
def test_an_mcp_call_without_a_status_has_one_all_the_same(fields: Wire, status: str) -> None:
    wire = {"id": "item_1", "type": "mcp_call", "name": "weather", "arguments": "{}", **fields}
    item = from_wire(wire, store_audio=False)
    assert isinstance(item, McpCall)
    assert item.status == status


@pytest.mark.parametrize(
    "item",
    [
        {"id": "item_1", "type": "mcp_list_tools", "tools": []},
        {"id": "item_1", "type": "function_call_output", "call_id": "c", "output": "o"},
        {"id": "item_1", "type": "mcp_approval_response", "approve": True},
        {"id": "item_1", "type": "hologram"},
        {"id": "item_1"},
        {"id": "", "type": "message", "role": "user", "content": []},
        {"type": "message", "role": "user", "content": []},
        {"id": ["item_1"], "type": "message", "role": "user", "content": []},
        {"id": "item_1", "type": "message", "role": "narrator", "content": []},
        {"id": "item_1", "type": "message", "role": {}, "content": []},
    ],
)
def test_what_history_does_not_keep_is_none(item: Wire) -> None:
    assert from_wire(item, store_audio=False) is None


def test_a_field_of_a_wrong_type_counts_as_absent() -> None:
    wire = message(
        "user",
        {"type": "input_text", "text": 7},
        {"type": "input_audio", "transcript": ["x"]},
        {"type": "input_image", "image_url": None, "detail": {}},
        status=3,
    )
    wire["content"] += ["text", {"type": []}, None]
    assert from_wire(wire, store_audio=True) == UserMessage(
        "item_1", (InputText(""), InputAudio(), InputImage(""))
    )


def test_every_item_is_shown_with_all_its_fields() -> None:
    shown = [
        to_json(item)
        for item in (
            SystemMessage("s", (InputText("Be kind."),)),
            UserMessage("u", (InputAudio(None, "Hello?"), InputImage("data:")), "completed", "s"),
            AssistantMessage("a", (OutputAudio("AA==", None), OutputText("Hi.")), "incomplete"),
            FunctionCall("f", "call_1", "look_up", '{"order":7}', "sent"),
            McpCall("m", "weather", "{}"),
            McpApprovalRequest("r", "shop", "buy", '{"what":"tea"}', True),
        )
    ]
    assert shown == [
        {
            "item_id": "s",
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be kind."}],
        },
        {
            "item_id": "u",
            "previous_item_id": "s",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [
                {"type": "input_audio", "audio": None, "transcript": "Hello?"},
                {"type": "input_image", "image_url": "data:", "detail": "auto"},
            ],
        },
        {
            "item_id": "a",
            "type": "message",
            "role": "assistant",
            "status": "incomplete",
            "content": [
                {"type": "output_audio", "audio": "AA==", "transcript": None},
                {"type": "output_text", "text": "Hi."},
            ],
        },
        {
            "item_id": "f",
            "type": "function_call",
            "call_id": "call_1",
            "status": "completed",
            "name": "look_up",
            "arguments": '{"order":7}',
            "output": "sent",
        },
        {
            "item_id": "m",
            "type": "mcp_call",
            "status": "in_progress",
            "name": "weather",
            "arguments": "{}",
            "output": None,
        },
        {
            "item_id": "r",
            "type": "mcp_approval_request",
            "server_label": "shop",
            "name": "buy",
            "arguments": {"what": "tea"},
            "approved": True,
        },
    ]


@pytest.mark.parametrize(
    "arguments", ["", "{", "[7]", "7", '{"a":' + "[" * 400 + "]" * 400 + "}", "[" * 5000]
)
def test_arguments_that_could_not_be_written_again_are_shown_as_none(arguments: str) -> None:
    assert to_json(McpApprovalRequest("r", "shop", "buy", arguments))["arguments"] == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def or_anything(*likely: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(likely), JSON)


PART = st.fixed_dictionaries(
    {},
    optional={
        "type": or_anything(
            "input_text", "input_audio", "input_image", "output_text", "output_audio", "audio"
        ),
        **{key: or_anything("AAAA") for key in ("text", "audio", "transcript", "image_url")},
    },
)
TYPES = ("message", "function_call", "mcp_call", "mcp_approval_request")
ITEM = st.fixed_dictionaries(
    {"id": or_anything("item_1"), "type": or_anything(*TYPES)},
    optional={
        "role": or_anything("user", "assistant", "system"),
        "status": or_anything("in_progress", "incomplete"),
        "content": st.lists(PART | JSON, max_size=4) | JSON,
        **{key: or_anything("{}") for key in ("name", "arguments", "output", "error", "approved")},
    },
)


@settings(max_examples=400)
@given(ITEM | st.dictionaries(st.text(max_size=5), JSON), st.booleans())
def test_whatever_an_endpoint_says_is_read_and_can_be_shown(item: Wire, store_audio: bool) -> None:
    read = from_wire(item, store_audio=store_audio)
    if read is not None:
        orjson.dumps(to_json(read))
        assert read.item_id == item["id"]


@settings(max_examples=200)
@given(ITEM)
def test_what_is_shown_reads_as_the_same_item(item: Wire) -> None:
    read = from_wire(item, store_audio=True)
    if read is None:
        return
    shown = to_json(read)
    again = from_wire({**shown, "id": shown["item_id"]}, store_audio=True)
    assert again is not None
    assert to_json(again) == shown
