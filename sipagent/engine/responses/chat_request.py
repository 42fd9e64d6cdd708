"""What is asked of a chat completion, checked, as if it were of a response. Pure.

Chat Completions API: ``POST /v1/chat/completions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sipagent.engine.checks import (
    InvalidConfigError,
    Json,
    flag,
    mapping,
    one_of,
    sequence,
    text,
    whole,
)

from .input_items import check_conversation, function_call, function_output, joined_text, message
from .wanted import MOST_TOKENS, tool_choice

_ROLES = ("user", "assistant", "system", "developer", "tool")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A completion, as it is asked for."""

    model: str
    items: list[Json]
    told: Json
    """As of a response."""
    is_streamed: bool
    has_usage: bool
    """Whether a stream ends with what it cost."""


def chat_request(body: Any) -> ChatRequest:
    """Read a request; fields that could change nothing here are not looked at.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    given = {key: each for key, each in mapping(body, "body").items() if each is not None}
    for key in ("model", "messages"):
        if key not in given:
            raise InvalidConfigError(key, f"{key} is required", "missing_required_parameter")
    if given.get("n", 1) != 1:
        raise InvalidConfigError("n", "n must be 1")
    items = _items(given["messages"])
    check_conversation(items, "messages")
    options = mapping(given.get("stream_options", {}), "stream_options")
    most = next((key for key in ("max_completion_tokens", "max_tokens") if key in given), None)
    told = {
        "instructions": "",
        "prompt": None,
        "tools": _tools(given.get("tools", [])),
        "tool_choice": _tool_choice(given.get("tool_choice", "auto")),
        "parallel_tool_calls": flag(given.get("parallel_tool_calls", True), "parallel_tool_calls"),
        "max_output_tokens": whole(given[most], most, 1, MOST_TOKENS) if most else None,
    }
    return ChatRequest(
        model=text(given["model"], "model"),
        items=items,
        told=told,
        is_streamed=flag(given.get("stream", False), "stream"),
        has_usage=flag(options.get("include_usage", False), "stream_options.include_usage"),
    )


def _items(value: Any) -> list[Json]:
    items: list[Json] = []
    for index, each in enumerate(sequence(value, "messages")):
        items += _message_items(mapping(each, f"messages[{index}]"), f"messages[{index}]")
    return items


def _message_items(told: Json, path: str) -> list[Json]:
    role = one_of(told.get("role"), f"{path}.role", *_ROLES)
    content = told.get("content")
    if role == "tool":
        call_id = text(told.get("tool_call_id"), f"{path}.tool_call_id")
        return [function_output(call_id, joined_text(content, f"{path}.content"))]
    calls = told.get("tool_calls") or []
    items = [
        _call(call, f"{path}.tool_calls[{index}]")
        for index, call in enumerate(sequence(calls, f"{path}.tool_calls"))
    ]
    if content is None and role == "assistant":
        return items
    return [message(role, joined_text(content, f"{path}.content")), *items]


def _call(value: Any, path: str) -> Json:
    call = mapping(value, path)
    function = mapping(call.get("function"), f"{path}.function")
    name = text(function.get("name"), f"{path}.function.name")
    arguments = text(function.get("arguments"), f"{path}.function.arguments")
    return function_call(text(call.get("id"), f"{path}.id"), name, arguments)


def _tools(value: Any) -> list[Json]:
    """Return the functions, as tools of a response."""
    checked = []
    for index, tool in enumerate(sequence(value, "tools")):
        where = f"tools[{index}]"
        one_of(mapping(tool, where).get("type"), f"{where}.type", "function")
        function = mapping(tool.get("function"), f"{where}.function")
        text(function.get("name"), f"{where}.function.name")
        checked.append({"type": "function", **function})
    return checked


def _tool_choice(value: Any) -> str | Json:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        return tool_choice({"type": value.get("type"), **value["function"]}, "tool_choice.function")
    return tool_choice(value, "tool_choice")
