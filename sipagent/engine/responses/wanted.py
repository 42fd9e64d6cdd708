"""What is asked of a response, checked. Pure. Responses API: ``POST /v1/responses``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sipagent.engine.checks import (
    InvalidConfigError,
    Json,
    flag,
    mapping,
    number,
    one_of,
    sequence,
    text,
    unknown,
    whole,
)
from sipagent.engine.fields import EFFORTS, metadata, prompt

from .input_items import checked_input

SCRIPTED_MODEL = "script"
"""Who answers where a stored prompt is asked for, and no model."""

MOST_TOKENS = 128_000

NO_EFFECT = frozenset(
    {
        "access_programs",
        "context_management",
        "image",
        "include",
        "max_tool_calls",
        "moderation",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "stream_options",
        "top_logprobs",
        "user",
    }
)
"""Of the endpoint this one stands in for; here there is nothing that they could change."""


def tools(value: Any, path: str) -> list[Json]:
    """Return the tools: functions, and nothing else."""
    checked = []
    for index, tool in enumerate(sequence(value, path)):
        where = f"{path}[{index}]"
        one_of(mapping(tool, where).get("type"), f"{where}.type", "function")
        text(tool.get("name"), f"{where}.name")
        if tool.get("parameters") is not None:
            mapping(tool["parameters"], f"{where}.parameters")
        checked.append({"description": None, "parameters": None, "strict": True, **tool})
    return checked


def tool_choice(value: Any, path: str) -> str | Json:
    """Return a mode, or the one function that must be called."""
    if isinstance(value, str):
        return one_of(value, path, "auto", "none", "required")
    choice = mapping(value, path)
    one_of(choice.get("type"), f"{path}.type", "function")
    text(choice.get("name"), f"{path}.name")
    return choice


def text_config(value: Any, path: str) -> Json:
    """Return how the text is to be: free, or JSON of a schema, which nothing here enforces."""
    config = mapping(value, path)
    wanted = config.get("format")
    if wanted is None:
        return {**config, "format": {"type": "text"}}
    kinds = ("text", "json_object", "json_schema")
    where = f"{path}.format"
    if one_of(mapping(wanted, where).get("type"), f"{where}.type", *kinds) == "json_schema":
        text(wanted.get("name"), f"{where}.name")
        mapping(wanted.get("schema"), f"{where}.schema")
    return config


def reasoning(value: Any, path: str) -> Json:
    """Return how hard to think: of a text agent, also not at all; nothing here thinks."""
    wished = mapping(value, path)
    if wished.get("effort") is not None:
        one_of(wished["effort"], f"{path}.effort", "none", *EFFORTS, "max")
    return wished


def _conversation(value: Any, path: str) -> Json:
    found = value if isinstance(value, str) else mapping(value, path).get("id")
    return {"id": text(found, path if isinstance(value, str) else f"{path}.id")}


def _background(value: Any, path: str) -> bool:
    if flag(value, path):
        raise InvalidConfigError(path, "responses are not made in the background here")
    return False


TOLD: dict[str, Callable[[Any, str], Any]] = {
    "background": _background,
    "conversation": _conversation,
    "instructions": text,
    "max_output_tokens": lambda value, path: whole(value, path, 1, MOST_TOKENS),
    "metadata": metadata,
    "model": text,
    "parallel_tool_calls": flag,
    "previous_response_id": text,
    "prompt": prompt,
    "reasoning": reasoning,
    "temperature": lambda value, path: number(value, path, 0, 2),
    "text": text_config,
    "tool_choice": tool_choice,
    "tools": tools,
    "top_p": lambda value, path: number(value, path, 0, 1),
    "truncation": lambda value, path: one_of(value, path, "auto", "disabled"),
}
"""What a response tells as it was asked."""

DEFAULTS: Json = {
    "background": False,
    "conversation": None,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt": None,
    "reasoning": None,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A response, as it is asked for."""

    told: Json
    """What the response tells of it."""
    input: list[Json]
    """New items."""
    is_stored: bool = True
    is_streamed: bool = False
    is_generated: bool = True
    """False only prepares: nothing is answered."""


def wanted(body: Any, *, has_socket: bool = False) -> Wanted:
    """Read a request.

    Args:
        body: Of the request, or the event ``response.create``.
        has_socket: Whether it came by a WebSocket, which can be asked only to prepare.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    given = {key: each for key, each in mapping(body, "body").items() if each is not None}
    told, flags = dict(DEFAULTS), {"store": True, "stream": False}
    if has_socket:
        flags["generate"] = True
    items: list[Json] = []
    for key, value in given.items():
        if key in TOLD:
            told[key] = TOLD[key](value, key)
        elif key in flags:
            flags[key] = flag(value, key)
        elif key == "input":
            items = checked_input(value)
        elif key not in NO_EFFECT:
            raise unknown(key)
    _check_together(told, given)
    told.setdefault("model", SCRIPTED_MODEL)
    return Wanted(told, items, flags["store"], flags["stream"], flags.get("generate", True))


def _check_together(told: Json, given: Json) -> None:
    if "model" not in told and not told["prompt"]:
        raise _missing("model", "model is required where no prompt is named")
    context = ("input", "previous_response_id", "prompt", "conversation")
    if not any(key in given for key in context):
        raise _missing("input", f"one of {', '.join(context)} is required")
    if told["conversation"] and told["previous_response_id"]:
        message = "previous_response_id and conversation cannot be used together"
        raise InvalidConfigError("previous_response_id", message, "mutually_exclusive_parameters")


def _missing(param: str, message: str) -> InvalidConfigError:
    return InvalidConfigError(param, message, "missing_required_parameter")
