"""What ``response.create`` may say of one response."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from sipagent.engine.checks import InvalidConfigError, Json
from sipagent.engine.items import Conversation
from sipagent.engine.response_config import MOST_INPUT_ITEMS, response_config
from sipagent.engine.session_config import default_session

SESSION = default_session("sess_1", "model", 99)


def text(item_id: str) -> Json:
    content = [{"type": "input_text", "text": item_id}]
    return {"id": item_id, "type": "message", "role": "user", "content": content}


def refused(overrides: Json) -> str:
    """Return the parameter that overrides are refused for."""
    with pytest.raises(InvalidConfigError) as caught:
        response_config(SESSION, overrides, Conversation())
    return caught.value.param


def test_a_response_has_its_own_session_and_null_means_the_sessions() -> None:
    before = deepcopy(SESSION)
    own = {
        "instructions": "Greet.",
        "tools": None,
        "audio": {"output": {"voice": "cedar"}},
        "metadata": {"a": "1"},
    }
    config = response_config(SESSION, own, Conversation())
    expected = deepcopy(SESSION)
    expected["instructions"] = "Greet."
    expected["audio"]["output"]["voice"] = "cedar"
    assert config.session == expected
    assert (config.instructions, config.metadata) == ("Greet.", {"a": "1"})
    assert before == SESSION


def test_a_response_is_of_the_conversation_unless_it_says_otherwise() -> None:
    assert not response_config(SESSION, {}, Conversation()).is_out_of_band
    assert not response_config(SESSION, {"conversation": "auto"}, Conversation()).is_out_of_band
    assert response_config(SESSION, {"conversation": "none"}, Conversation()).is_out_of_band


def test_input_may_be_nothing_new_or_what_is_there() -> None:
    conversation = Conversation()
    conversation.add(text("a"))
    assert response_config(SESSION, {}, conversation).input is None
    assert response_config(SESSION, {"input": []}, conversation).input == []
    given = [{"type": "item_reference", "id": "a"}, text("b")]
    items = response_config(SESSION, {"input": given}, conversation).input
    assert items is not None
    assert [item["id"] for item in items] == ["a", "b"]
    items[0]["content"].clear()
    assert conversation.snapshot("a")["content"]
    assert "b" not in conversation


@pytest.mark.parametrize(
    ("overrides", "param"),
    [
        ({"conversation": "conv_1"}, "response.conversation"),
        ({"conversation": []}, "response.conversation"),
        ({"metadata": 7}, "response.metadata"),
        ({"metadata": {"a": 7}}, "response.metadata.a"),
        ({"metadata": {str(number): "" for number in range(17)}}, "response.metadata"),
        ({"metadata": {"k" * 65: ""}}, "response.metadata"),
        ({"metadata": {"a": "v" * 513}}, "response.metadata.a"),
        ({"output_modalities": ["video"]}, "response.output_modalities"),
        ({"audio": {"output": {"speed": 0}}}, "response.audio.output.speed"),
        ({"input": "hello"}, "response.input"),
        ({"input": [7]}, "response.input[0]"),
        ({"input": [{"type": "item_reference"}]}, "response.input[0].id"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "response.input[0].id"),
        ({"input": [text("a"), {"type": "dance"}]}, "response.input[1].type"),
        ({"input": [{}] * (MOST_INPUT_ITEMS + 1)}, "response.input"),
    ],
)
def test_what_is_wrong_with_a_response_is_named(overrides: Json, param: str) -> None:
    assert refused(overrides) == param


@pytest.mark.parametrize(
    "metadata",
    [{"k" * 64: "v" * 512}, {str(number): "" for number in range(16)}, {}],
)
def test_metadata_may_be_as_long_as_it_may_be(metadata: dict[str, Any]) -> None:
    assert response_config(SESSION, {"metadata": metadata}, Conversation()).metadata == metadata
