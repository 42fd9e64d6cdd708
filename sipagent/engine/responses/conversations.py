"""Conversations that several responses go on in. Pure. Conversations API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import orjson

from sipagent.engine.checks import Json, mapping, unknown
from sipagent.engine.fields import metadata

from .input_items import checked_input
from .memory import Memory

MOST_CONVERSATIONS = 1_000
MOST_BYTES = 64 * 1024 * 1024


class UnknownConversationError(Exception):
    """There is no such conversation, or none any more."""


@dataclass(slots=True)
class _Conversation:
    told: Json
    items: list[Json] = field(default_factory=list)


class Conversations:
    """Keep those used last."""

    def __init__(self) -> None:
        self._kept: Memory[_Conversation] = Memory(MOST_CONVERSATIONS, MOST_BYTES)

    def create(self, body: Any, *, now: int) -> Json:
        """Return a new conversation.

        Args:
            body: ``items`` it begins with, ``metadata``.
            now: Unix seconds.

        Raises:
            InvalidConfigError: If a field is wrong.
        """
        given = {key: each for key, each in mapping(body, "body").items() if each is not None}
        for key in given.keys() - {"items", "metadata"}:
            raise unknown(key)
        told = {
            "id": f"conv_{token_hex(16)}",
            "object": "conversation",
            "created_at": now,
            "metadata": metadata(given.get("metadata", {}), "metadata"),
        }
        self._keep(_Conversation(told, checked_input(given.get("items", []), "items")))
        return told

    def told(self, conversation_id: str) -> Json:
        """Return a conversation, as it is told."""
        return self._find(conversation_id).told

    def items(self, conversation_id: str) -> list[Json]:
        """Return what was said in a conversation."""
        return self._find(conversation_id).items

    def add(self, conversation_id: str, items: Sequence[Json]) -> None:
        """Add what has been said; nothing, if it was deleted meanwhile."""
        found = self._kept.find(conversation_id)
        if found is not None:
            found.items.extend(items)
            self._keep(found)

    def delete(self, conversation_id: str) -> None:
        """Forget a conversation."""
        if not self._kept.drop(conversation_id):
            raise UnknownConversationError(conversation_id)

    def _find(self, conversation_id: str) -> _Conversation:
        found = self._kept.find(conversation_id)
        if found is None:
            raise UnknownConversationError(conversation_id)
        return found

    def _keep(self, conversation: _Conversation) -> None:
        size_bytes = len(orjson.dumps(conversation.items))
        self._kept.keep(conversation.told["id"], conversation, size_bytes)
