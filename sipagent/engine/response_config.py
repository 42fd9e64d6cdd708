"""What one response may have of its own. Pure. Realtime: ``response.create``."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from .audio_fields import update_output
from .checks import InvalidConfigError, Json, mapping, sequence, text
from .fields import OF_BOTH, metadata
from .items import Conversation, checked_item

MOST_INPUT_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class ResponseConfig:
    """What a response is made with."""

    session: Json
    """As this response sees it."""
    instructions: str = ""
    """Its own, not the session's."""
    metadata: Json | None = None
    is_out_of_band: bool = False
    """Not of the conversation: it may run beside the one that is, and leaves no item."""
    input: list[Json] | None = None
    """Items answered instead of the conversation's."""


def response_config(session: Json, overrides: Json, conversation: Conversation) -> ResponseConfig:
    """Read ``response`` of ``response.create``; what it does not name is the session's.

    Args:
        session: In effect; it stays as it is.
        overrides: Of the client.
        conversation: What ``item_reference`` refers to.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    merged = deepcopy(session)
    given = {key: value for key, value in overrides.items() if value is not None}
    for key, value in given.items():
        if key == "audio":
            output = mapping(value, "response.audio").get("output", {})
            update_output(merged["audio"]["output"], output, "response.audio.output")
        elif key in OF_BOTH:
            merged[key] = OF_BOTH[key](value, f"response.{key}")
    where = given.get("conversation", "auto")
    if where not in ("auto", "none"):
        raise InvalidConfigError("response.conversation", "must be 'auto' or 'none'")
    return ResponseConfig(
        merged,
        instructions=given.get("instructions", ""),
        metadata=metadata(given["metadata"], "response.metadata") if "metadata" in given else None,
        is_out_of_band=where == "none",
        input=_input(given["input"], conversation) if "input" in given else None,
    )


def _input(value: Any, conversation: Conversation) -> list[Json]:
    items = sequence(value, "response.input")
    if len(items) > MOST_INPUT_ITEMS:
        raise InvalidConfigError("response.input", f"more than {MOST_INPUT_ITEMS} items")
    return [
        _input_item(each, f"response.input[{index}]", conversation)
        for index, each in enumerate(items)
    ]


def _input_item(item: Any, path: str, conversation: Conversation) -> Json:
    if mapping(item, path).get("type") != "item_reference":
        return checked_item(item, f"item_{token_hex(10)}", path)
    item_id = text(item.get("id"), f"{path}.id")
    if item_id not in conversation:
        raise InvalidConfigError(f"{path}.id", f"there is no item {item_id!r}")
    return conversation.snapshot(item_id)
