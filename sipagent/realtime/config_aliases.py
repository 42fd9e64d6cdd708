"""Which options does a session config mean? Reads the SDKs' nested shape and the older flat one.

Both may be spelled in camel case or snake case, and be mixed: the nested shape then wins. What is
read is keyed by its path on the wire, ``audio.input.format``, so that shapes and overrides merge
key by key. Pure.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sipagent.errors import ConfigError

from .wire_values import DEFAULT, snake_case, snake_keys, turn_detection_to_wire

log = logging.getLogger(__name__)

LEGACY_PATHS = {
    "modalities": "output_modalities",
    "input_audio_format": "audio.input.format",
    "output_audio_format": "audio.output.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "speed": "audio.output.speed",
    "max_response_output_tokens": "max_output_tokens",
}
"""What a key of the flat shape became."""

VOICE, TURN_DETECTION = "audio.output.voice", "audio.input.turn_detection"

FIELDS = {
    "model": "model",
    "output_modalities": "output_modalities",
    "audio.input.format": "input_format",
    "audio.input.transcription": "transcription",
    "audio.input.noise_reduction": "noise_reduction",
    TURN_DETECTION: "turn_detection",
    "audio.output.format": "output_format",
    VOICE: "voice",
    "audio.output.speed": "speed",
    "max_output_tokens": "max_output_tokens",
    "tool_choice": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
    "reasoning": "reasoning",
    "truncation": "truncation",
    "include": "include",
    "provider_data": "provider_data",
}
"""The field of ``SessionOptions`` for each path."""

OF_THE_AGENT = frozenset({"instructions", "prompt", "tools"})

AS_THEY_COME = frozenset({"provider_data", "tracing", TURN_DETECTION})
"""Paths whose keys are the user's or the provider's, or are renamed by a table of their own."""

NULLABLE = frozenset(
    {"audio.input.transcription", "audio.input.noise_reduction", TURN_DETECTION, "tracing"}
)
"""Paths where null turns something off; elsewhere it says nothing."""


def options_of(*configs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ``SessionOptions`` that ``configs`` set; later ones override.

    Of voices, a nested one wins over a flat one, whichever config names it.

    Raises:
        ConfigError: If a key is unknown, or belongs to the agent.
    """
    paths: dict[str, Any] = {}
    for config in configs:
        paths |= _paths(config)
    options = _tracing_options(paths.pop("tracing")) if "tracing" in paths else {}
    if "voice" in paths:
        paths.setdefault(VOICE, paths["voice"])
        del paths["voice"]
    for path, value in paths.items():
        if path not in FIELDS:
            raise ConfigError(_complaint(path), where=path)
        options[FIELDS[path]] = value
    return options


def _paths(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``config`` gives, by path."""
    given = _renamed(config)
    nested = _object(given.pop("audio", None), "audio")
    legacy = {
        LEGACY_PATHS[key]: _legacy_value(key, given.pop(key))
        for key in LEGACY_PATHS
        if key in given
    }
    legacy = {path: value for path, value in legacy.items() if _is_given(path, value)}
    modern = {path: value for path, value in given.items() if _is_given(path, value)}
    for direction, settings in nested.items():
        for key, value in _object(settings, f"audio.{direction}").items():
            path = f"audio.{direction}.{key}"
            if _is_given(path, value):
                modern[path] = value
    if legacy and (nested or legacy.keys() & modern.keys()):
        log.warning(
            "! the session config mixes two shapes; audio.* wins over its older %s",
            ", ".join(sorted(legacy)),
        )
    return {
        path: value if path in AS_THEY_COME else snake_keys(value)
        for path, value in (legacy | modern).items()
    }


def _object(value: Any, where: str) -> dict[str, Any]:
    if value is None or value is DEFAULT:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError("must be an object", where=where)
    return _renamed(value)


def _renamed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``given`` with its keys in snake case; camel case wins over it."""
    in_order = sorted(given, key=lambda key: key != snake_case(key))
    return {snake_case(key): given[key] for key in in_order if given[key] is not DEFAULT}


def _legacy_value(key: str, value: Any) -> Any:
    # The flat shape asked for text beside audio; today it always comes, as the transcript.
    if key == "modalities" and isinstance(value, list | tuple) and "audio" in value:
        return ["audio"]
    return value


def _is_given(path: str, value: Any) -> bool:
    if path == TURN_DETECTION:
        return turn_detection_to_wire(value) is not DEFAULT
    return value is not None or path in NULLABLE


def _tracing_options(tracing: Any) -> dict[str, Any]:
    """Return the options for ``tracing`` (Realtime: null, ``auto`` or an object)."""
    if tracing is None:
        return {"tracing_disabled": True}
    if tracing == "auto":
        return {"tracing_disabled": False}
    wanted = _object(tracing, "tracing") if isinstance(tracing, Mapping) else {}
    if not wanted or wanted.keys() - {"workflow_name", "group_id", "metadata"}:
        raise ConfigError(
            'must be null, "auto" or an object of workflow_name, group_id and metadata',
            where="tracing",
        )
    return {
        "tracing_disabled": False,
        "workflow_name": wanted.get("workflow_name"),
        "group_id": wanted.get("group_id"),
        "trace_metadata": wanted.get("metadata"),
    }


def _complaint(path: str) -> str:
    if path in OF_THE_AGENT:
        return "belongs to the agent, not to the session"
    return "is no setting of a session; provider_data takes what is not known here"
