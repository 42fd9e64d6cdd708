"""Conversations are created, told and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.conversations import Conversation

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.responses import conversations as conversations_module
from sipagent.engine.responses.conversations import Conversations, UnknownConversationError
from sipagent.engine.responses.input_items import message

NOW = 1_700_000_000


def test_a_conversation_is_told_as_it_was_created() -> None:
    conversations = Conversations()
    told = conversations.create({"metadata": {"a": "b"}}, now=NOW)
    Conversation.model_validate(told)
    assert (told["created_at"], told["metadata"]) == (NOW, {"a": "b"})
    assert conversations.told(told["id"]) == told
    assert conversations.items(told["id"]) == []


def test_what_is_added_comes_last() -> None:
    conversations = Conversations()
    items = [{"role": "user", "content": "Hello"}]
    conversation_id = conversations.create({"items": items}, now=NOW)["id"]
    conversations.add(conversation_id, [message("assistant", "Hi")])
    assert conversations.items(conversation_id) == [
        message("user", "Hello"),
        message("assistant", "Hi"),
    ]


def test_a_conversation_that_grows_makes_old_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations_module, "MOST_BYTES", 1_000)
    conversations = Conversations()
    old, growing = (conversations.create({}, now=NOW)["id"] for _ in range(2))
    conversations.add(growing, [message("user", "x" * 500)])
    assert conversations.told(old)
    conversations.add(growing, [message("user", "x" * 250)])
    conversations.add(old, [message("user", "x" * 250)])
    assert conversations.told(old)
    with pytest.raises(UnknownConversationError):
        conversations.told(growing)


def test_what_is_deleted_is_gone() -> None:
    conversations = Conversations()
    conversation_id = conversations.create({}, now=NOW)["id"]
    conversations.delete(conversation_id)
    for asked in (conversations.told, conversations.items, conversations.delete):
        with pytest.raises(UnknownConversationError):
            asked(conversation_id)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], "body"),
        ({"name": "x"}, "name"),
        ({"metadata": []}, "metadata"),
        ({"items": [{"role": "user"}]}, "items[0].content"),
    ],
)
def test_what_is_wrong_is_named(body: Any, param: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        Conversations().create(body, now=NOW)
    assert caught.value.param == param
