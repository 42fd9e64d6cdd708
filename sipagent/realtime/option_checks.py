"""Is an option one the endpoint, or we, can work with?

A wrong one is told when the session is set up, not when a caller waits for it. Ranges are those of
the Realtime API (session object); keys it may add are let through. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sipagent.agents.guardrails import OutputGuardrail
from sipagent.errors import ConfigError

from .silence import SilenceSettings
from .wire_values import DEFAULT


@dataclass(frozen=True, slots=True)
class Check:
    """What a value must be."""

    holds: Callable[[Any], bool]
    must: str


def require(value: Any, check: Check, where: str) -> None:
    """Let ``value`` pass.

    Raises:
        ConfigError: If it does not; says where, and what is allowed.
    """
    try:
        holds = check.holds(value)
    except TypeError:  # such as a list, looked for in a set
        holds = False
    if not holds:
        shown = repr(value) if isinstance(value, str | int | float) else type(value).__name__
        raise ConfigError(f"must be {check.must}, not {shown}", where=where)


def is_text(value: Any) -> bool:
    """Tell whether ``value`` is a text with something in it."""
    return isinstance(value, str) and bool(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _number(low: float, high: float = math.inf) -> Check:
    def holds(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and low <= value <= high

    return Check(holds, _range("a number", low, high))


def _whole(low: int, high: float = math.inf) -> Check:
    def holds(value: Any) -> bool:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and low <= value <= high

    return Check(holds, _range("a whole number", low, high))


def _range(what: str, low: float, high: float) -> str:
    return f"{what} from {low:g} to {high:g}" if high < math.inf else f"{what} of at least {low:g}"


def _one_of(*allowed: str) -> Check:
    names = frozenset(allowed)
    return Check(lambda value: value in names, "one of " + ", ".join(allowed))


def _or(check: Check, also: Any, name: str) -> Check:
    return Check(
        lambda value: (type(value) is type(also) and value == also) or check.holds(value), name
    )


def _optional(check: Check) -> Check:
    return Check(lambda value: value is None or check.holds(value), check.must)


def _object_of(**checks: Check) -> Callable[[Any, str], None]:
    """Return a check of an object, key by key; keys it does not know are let through."""

    def check(value: Any, where: str) -> None:
        require(value, OBJECT, where)
        for key, each in checks.items():
            if key in value:
                require(value[key], each, f"{where}.{key}")

    return check


def _is_tool_choice(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return value in {"auto", "none", "required"}
    return (value.get("type") == "function" and is_text(value.get("name"))) or (
        value.get("type") == "mcp" and is_text(value.get("server_label"))
    )


def _is_voice(value: Any) -> bool:
    return is_text(value.get("id") if isinstance(value, Mapping) else value)


def _is_provider_data(value: Any) -> bool:
    audio = value.get("audio", {}) if isinstance(value, Mapping) else None
    return isinstance(audio, Mapping) and all(
        direction in {"input", "output"} and isinstance(settings, Mapping)
        for direction, settings in audio.items()
    )


OBJECT = Check(lambda value: isinstance(value, Mapping), "an object")
BOOL = Check(lambda value: isinstance(value, bool), "true or false")
TEXT = Check(is_text, "a text")

CHECKS: dict[str, Check] = {
    "model": Check(lambda value: isinstance(value, str), "a text"),
    "voice": _optional(Check(_is_voice, "a name or an object with an id")),
    "speed": _optional(_number(0.25, 1.5)),
    "output_modalities": Check(
        lambda value: _is_list(value) and list(value) in [["audio"], ["text"]],
        '["audio"] or ["text"]',
    ),
    "max_output_tokens": _optional(_or(_whole(1, 4_096), "inf", '1 to 4096, or "inf"')),
    "tool_choice": _optional(
        Check(_is_tool_choice, "auto, none, required, or an object that names a tool")
    ),
    "parallel_tool_calls": _optional(BOOL),
    "include": Check(lambda value: _is_list(value) and all(map(is_text, value)), "a list of texts"),
    "provider_data": Check(
        _is_provider_data, "an object, and so its audio, audio.input and audio.output"
    ),
    "workflow_name": _optional(TEXT),
    "group_id": _optional(TEXT),
    "trace_metadata": _optional(OBJECT),
    "tool_response_policy": _one_of("each", "all"),
    "tool_error_formatter": _optional(Check(callable, "a function")),
    "output_guardrails": Check(
        lambda value: _is_list(value) and all(isinstance(each, OutputGuardrail) for each in value),
        "a list of OutputGuardrail",
    ),
    "debounce_text_length": _or(_whole(1), -1, "-1 or at least 1"),
    "mute_mode": _one_of("silence", "stop"),
    "silence_padding": Check(
        lambda value: value is None or isinstance(value, SilenceSettings), "SilenceSettings or None"
    ),
    **dict.fromkeys(
        (
            "tracing_disabled",
            "history_store_audio",
            "automatically_trigger_response_for_mcp_tool_calls",
            "async_tool_calls",
            "pre_approval_input_guardrails",
            "barge_in",
            "transport_events",
        ),
        BOOL,
    ),
}
"""What an option of ``SessionOptions`` must be, by its name."""

OBJECTS: dict[str, Callable[[Any, str], None]] = {
    "turn_detection": _object_of(
        type=TEXT,
        threshold=_number(0, 1),
        prefix_padding_ms=_whole(0),
        silence_duration_ms=_whole(0),
        idle_timeout_ms=_optional(_whole(5_000, 30_000)),
        create_response=BOOL,
        interrupt_response=BOOL,
        eagerness=_one_of("auto", "low", "medium", "high"),
    ),
    "transcription": _object_of(model=TEXT),
    "noise_reduction": _object_of(type=_one_of("near_field", "far_field")),
    "reasoning": _object_of(effort=_one_of("minimal", "low", "medium", "high", "xhigh")),
}
"""The same for options that are objects; null and ``DEFAULT`` are always fine."""


def check_options(options: Mapping[str, Any]) -> None:
    """Let options pass, by their names.

    Raises:
        ConfigError: If one does not.
    """
    for name, check in CHECKS.items():
        require(options[name], check, name)
    for name, check_object in OBJECTS.items():
        if options[name] is not None and options[name] is not DEFAULT:
            check_object(options[name], name)
    _check_truncation(options["truncation"])
    _check_provider_data(options["provider_data"])


def _check_truncation(value: Any) -> None:
    if value is None or not isinstance(value, Mapping):
        require(value, _optional(_one_of("auto", "disabled")), "truncation")
        return
    require(value.get("type"), _one_of("retention_ratio"), "truncation.type")
    require(value.get("retention_ratio"), _number(0, 1), "truncation.retention_ratio")


def _check_provider_data(value: Mapping[str, Any]) -> None:
    for direction, settings in value.get("audio", {}).items():
        if "format" in settings:
            raise ConfigError(
                f"give {direction}_format instead, which the audio of the call follows",
                where=f"provider_data.audio.{direction}.format",
            )
