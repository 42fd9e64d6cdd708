"""The fields a session and a response have in common: what each may be. Pure.

Realtime: ``session.update`` and ``response.create``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .checks import (
    InvalidConfigError,
    Json,
    flag,
    mapping,
    number,
    one_of,
    sequence,
    text,
    whole,
)
from .mcp.approval import checked_mcp_tool

LOGPROBS = "item.input_audio_transcription.logprobs"
EFFORTS = ("minimal", "low", "medium", "high", "xhigh")


def modalities(value: Any, path: str) -> list[str]:
    """Return what a response is made of: sound or text, never both."""
    if value not in (["audio"], ["text"]):
        raise InvalidConfigError(path, "must be ['audio'] or ['text']")
    return list(value)


def tools(value: Any, path: str) -> list[Json]:
    """Return the tools, functions and MCP servers."""
    for index, tool in enumerate(sequence(value, path)):
        where = f"{path}[{index}]"
        match mapping(tool, where).get("type"):
            case "function":
                text(tool.get("name"), f"{where}.name")
            case "mcp":
                checked_mcp_tool(tool, where)
            case _:
                one_of(tool.get("type"), f"{where}.type", "function", "mcp")
    return list(value)


def tool_choice(value: Any, path: str) -> str | Json:
    """Return a mode, or the one tool that must be called."""
    if isinstance(value, str):
        return one_of(value, path, "auto", "none", "required")
    choice = mapping(value, path)
    if one_of(choice.get("type"), f"{path}.type", "function", "mcp") == "function":
        text(choice.get("name"), f"{path}.name")
    else:
        text(choice.get("server_label"), f"{path}.server_label")
        if choice.get("name") is not None:
            text(choice["name"], f"{path}.name")
    return choice


def output_tokens(value: Any, path: str) -> Any:
    """Return the most tokens of a response, or ``inf``."""
    return value if value == "inf" else whole(value, path, 1, 4_096)


def prompt(value: Any, path: str) -> Json | None:
    """Return a stored prompt: here, the script and the persona."""
    if value is None:
        return None
    stored = mapping(value, path)
    text(stored.get("id"), f"{path}.id")
    if stored.get("version") is not None:
        text(stored["version"], f"{path}.version")
    if stored.get("variables") is not None:
        mapping(stored["variables"], f"{path}.variables")
    return stored


def reasoning(value: Any, path: str) -> Json | None:
    """Return how hard to think: accepted, and told; nothing here thinks."""
    if value is None:
        return None
    if mapping(value, path).get("effort") is not None:
        one_of(value["effort"], f"{path}.effort", *EFFORTS)
    return dict(value)


def parallel_tool_calls(value: Any, path: str) -> bool | None:
    """Return whether several tools may be called in one response."""
    return None if value is None else flag(value, path)


def metadata(value: Any, path: str) -> Json:
    """Return the client's own notes: 16 pairs of short strings."""
    pairs = mapping(value, path)
    if len(pairs) > 16:
        raise InvalidConfigError(path, "metadata has more than 16 pairs")
    for key, note in pairs.items():
        if len(key) > 64:
            raise InvalidConfigError(path, f"metadata key {key[:64]!r}... is longer than 64")
        if len(text(note, f"{path}.{key}")) > 512:
            raise InvalidConfigError(f"{path}.{key}", "a metadata value is longer than 512")
    return pairs


def tracing(value: Any, path: str) -> str | Json | None:
    """Return where a trace would be told of: accepted, and told; none is written."""
    if value is None:
        return None
    if isinstance(value, str):
        return one_of(value, path, "auto")
    trace = mapping(value, path)
    for key in ("workflow_name", "group_id"):
        if trace.get(key) is not None:
            text(trace[key], f"{path}.{key}")
    if trace.get("metadata") is not None:
        mapping(trace["metadata"], f"{path}.metadata")
    return trace


def truncation(value: Any, path: str) -> str | Json:
    """Return how a long conversation is cut: accepted, and told; a script needs no room."""
    if isinstance(value, str):
        return one_of(value, path, "auto", "disabled")
    cut = mapping(value, path)
    one_of(cut.get("type"), f"{path}.type", "retention_ratio")
    number(cut.get("retention_ratio"), f"{path}.retention_ratio", 0.0, 1.0)
    if cut.get("token_limits") is not None:
        limits = mapping(cut["token_limits"], f"{path}.token_limits")
        if limits.get("post_instructions") is not None:
            where = f"{path}.token_limits.post_instructions"
            whole(limits["post_instructions"], where, 0, 1_000_000)
    return cut


def include(value: Any, path: str) -> list[str] | None:
    """Return what events are to tell besides."""
    if value is None:
        return None
    return [
        one_of(each, f"{path}[{index}]", LOGPROBS)
        for index, each in enumerate(sequence(value, path))
    ]


OF_BOTH: dict[str, Callable[[Any, str], Any]] = {
    "output_modalities": modalities,
    "instructions": text,
    "tools": tools,
    "tool_choice": tool_choice,
    "max_output_tokens": output_tokens,
    "prompt": prompt,
    "reasoning": reasoning,
    "parallel_tool_calls": parallel_tool_calls,
}
"""What a response may have of its own."""

OF_SESSION: dict[str, Callable[[Any, str], Any]] = {
    **OF_BOTH,
    "tracing": tracing,
    "truncation": truncation,
    "include": include,
}
