"""What a response answers to, read from the conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .brain import Turn

Json = dict[str, Any]

_UNSPOKEN = frozenset({"mcp_list_tools", "mcp_approval_response"})
"""Items that nobody says, and nobody answers to."""


def turn_of(items: Sequence[Json], *, instructions: str, tools: Iterable[Json]) -> Turn:
    """Return what has come since the last answer: function outputs, or the caller's words.

    What was spoken in several turns is one text, for a caller who only paused; of what was typed
    the last item counts.

    Args:
        items: Of the conversation, in order.
        instructions: Of the response itself.
        tools: Of the wire.
    """
    names = {item["call_id"]: item["name"] for item in items if item["type"] == "function_call"}
    outputs: list[tuple[str, str]] = []
    spoken: list[str] = []
    typed: str | None = None
    for item in reversed(items):
        is_message = item["type"] == "message"
        if item["type"] in _UNSPOKEN or (is_message and item["role"] == "system"):
            continue
        if item["type"] == "function_call_output" and not spoken:
            outputs.insert(0, (names.get(item["call_id"], ""), item["output"]))
            continue
        if item["type"] == "mcp_call" and not spoken:
            outputs.insert(0, (item["name"], _mcp_output(item)))
            continue
        if item["type"] == "function_call" and outputs:
            continue  # a quick client has answered one call before the next was made
        if not is_message or item["role"] != "user" or outputs:
            break
        text, is_typed = _user_text(item)
        if is_typed:
            typed = None if spoken else text
            break
        spoken.insert(0, text)
    words = " ".join(filter(None, spoken)) if spoken else typed
    return Turn(
        text=words,
        is_typed=typed is not None,
        outputs=tuple(outputs),
        instructions=instructions,
        tools=frozenset(str(tool.get("name")) for tool in tools),
    )


def _mcp_output(item: Json) -> str:
    error = item.get("error") or {}
    return str(item.get("output") or error.get("message") or "")


def _user_text(item: Json) -> tuple[str, bool]:
    """Return a user item's words, and whether they were typed."""
    for part in item["content"]:
        if part["type"] == "input_text":
            return str(part.get("text", "")), True
        if part["type"] == "input_audio":
            return str(part.get("transcript") or ""), False
    return "", False
