"""What a text agent is told, item by item, as the brain reads it. Pure.

Kept is what an answer can depend on: who said what, what was called, and what came of it.
Responses API: ``input`` of ``POST /v1/responses``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sipagent.engine.checks import InvalidConfigError, Json, mapping, one_of, sequence, text

MOST_ITEMS = 1_000
MOST_CHARS = 4 * 1024 * 1024

_ROLES = ("user", "assistant", "system", "developer")
_TEXT_PARTS = ("input_text", "output_text", "text", "refusal")


def checked_input(value: Any, path: str = "input") -> list[Json]:
    """Return the items of an input, which may be one text.

    Raises:
        InvalidConfigError: If one of them is wrong.
    """
    if isinstance(value, str):
        return [message("user", value)]
    items = [
        _checked_item(each, f"{path}[{index}]") for index, each in enumerate(sequence(value, path))
    ]
    return [each for each in items if each is not None]


def message(role: str, words: str) -> Json:
    """Return what somebody said."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {
        "type": "message",
        "role": "system" if role == "developer" else role,
        "content": [{"type": kind, "text": words}],
    }


def function_call(call_id: str, name: str, arguments: str) -> Json:
    """Return a call."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def function_output(call_id: str, output: str) -> Json:
    """Return what came of a call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def check_conversation(items: Sequence[Json], path: str = "input") -> None:
    """Check that a conversation is whole: each output has its call, and each call its output.

    Raises:
        InvalidConfigError: If it is not, or if it is too long.
    """
    if len(items) > MOST_ITEMS or sum(map(_chars, items)) > MOST_CHARS:
        text_ = f"the conversation is longer than {MOST_ITEMS} items or {MOST_CHARS} characters"
        raise InvalidConfigError(path, text_, "context_length_exceeded")
    called: set[str] = set()
    answered: set[str] = set()
    for item in items:
        if item["type"] == "function_call":
            called.add(item["call_id"])
        elif item["type"] == "function_call_output":
            call_id = item["call_id"]
            if call_id not in called:
                text_ = f"No tool call found for function call output with call_id {call_id}."
                raise InvalidConfigError(path, text_)
            answered.add(call_id)
    for call_id in sorted(called - answered):
        raise InvalidConfigError(path, f"No tool output found for function call {call_id}.")


def input_tokens(items: Sequence[Json], token_chars: int) -> int:
    """Return what it costs to read them."""
    return sum(map(_chars, items)) // token_chars


def joined_text(value: Any, path: str) -> str:
    """Return the words of a content: a text, or parts.

    Raises:
        InvalidConfigError: If a part is no text: nothing else is understood here.
    """
    if isinstance(value, str):
        return value
    words = []
    for index, part in enumerate(sequence(value, path)):
        where = f"{path}[{index}]"
        kind = one_of(mapping(part, where).get("type"), f"{where}.type", *_TEXT_PARTS)
        key = "refusal" if kind == "refusal" else "text"
        words.append(text(part.get(key), f"{where}.{key}"))
    return "".join(words)


def _checked_item(value: Any, path: str) -> Json | None:
    item = mapping(value, path)
    kind = item.get("type") or "message"
    match kind:
        case "message":
            role = one_of(item.get("role"), f"{path}.role", *_ROLES)
            return message(role, joined_text(item.get("content"), f"{path}.content"))
        case "function_call":
            keys = ("call_id", "name", "arguments")
            return function_call(*(text(item.get(key), f"{path}.{key}") for key in keys))
        case "function_call_output":
            call_id = text(item.get("call_id"), f"{path}.call_id")
            return function_output(call_id, joined_text(item.get("output"), f"{path}.output"))
        case "reasoning":
            return None  # of a model that thinks, before this one took over
    known = ("message", "function_call", "function_call_output", "reasoning")
    one_of(kind, f"{path}.type", *known)
    return None


def _chars(item: Json) -> int:
    if item["type"] == "message":
        return len(item["content"][0]["text"])
    return len(item.get("arguments", "")) + len(item.get("output", ""))
