"""What a session sends, read as the API reads it: by our own codec and the official types."""

from __future__ import annotations

import json
from typing import Any

from openai.types.realtime import RealtimeClientEvent
from pydantic import BaseModel, TypeAdapter

from sipagent.wire.client import CLIENT_EVENTS
from sipagent.wire.codec import decode_client

OFFICIAL: TypeAdapter[BaseModel] = TypeAdapter(RealtimeClientEvent)


def check(message: dict[str, Any]) -> None:
    """Fail unless ``message`` is a client event with no field the official types do not have."""
    text = json.dumps(message)
    assert type(decode_client(text)) is CLIENT_EVENTS[message["type"]]
    read = OFFICIAL.validate_json(json.dumps(_named(message)), strict=True)
    assert undeclared(read, message["type"]) == []


def _named(message: dict[str, Any]) -> dict[str, Any]:
    """Return ``message`` as its type wants it, which is also the one the item is read by.

    Who creates an item need not name it; of approvals alone the type says otherwise.
    """
    item = message.get("item", {})
    is_approval = item.get("type") == "mcp_approval_response"
    return {**message, "item": {"id": "item_1", **item}} if is_approval else message


def undeclared(value: object, where: str) -> list[str]:
    """Return the paths of fields that no official class declares."""
    if isinstance(value, list):
        return [path for each in value for path in undeclared(each, where)]
    if not isinstance(value, BaseModel):
        return []
    found = [f"{where}.{name}" for name in value.model_extra or ()]
    for name in type(value).model_fields:
        found += undeclared(getattr(value, name), f"{where}.{name}")
    return found
