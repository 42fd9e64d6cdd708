"""The protocol's beta, understood on input: its names and shapes become those in use since.

Three things changed: names of events, types of an assistant's content parts, and the configuration,
which was flat. Every key and name below is the beta's alone, so no version need be known. Where
both shapes are given the nested one wins. A value that is wrong stays wrong, for its reader to
refuse. Nothing passed in is changed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .events import Json

BETA_NAMES = {
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "conversation.item.created": "conversation.item.added",
}
"""Names of events, all of the server's."""

LATER_FIELDS: dict[str, Json] = {
    "conversation.item.input_audio_transcription.completed": {"usage": {}},
    "response.function_call_arguments.done": {"name": ""},
}
"""Fields the beta did not have yet; without them a whole transcript would be refused."""

_Path: TypeAlias = tuple[str, ...]

_RESPONSE_PATHS: dict[str, _Path] = {
    "modalities": ("output_modalities",),
    "max_response_output_tokens": ("max_output_tokens",),
    "voice": ("audio", "output", "voice"),
    "output_audio_format": ("audio", "output", "format"),
}
_SESSION_PATHS: dict[str, _Path] = {
    **_RESPONSE_PATHS,
    "speed": ("audio", "output", "speed"),
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
}
_DROPPED = "temperature"
"""Exists no more, and nothing took its place."""

_FORMATS: dict[str, Json] = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}


def event_to_ga(data: Json) -> Json:
    """Return an event, which has a type, as it reads today; most are returned as they are."""
    given: str = data["type"]
    name = BETA_NAMES.get(given, given)
    changed: Json = {} if name == given else {"type": name}
    if name in _SHAPES:
        field, shape_to_ga = _SHAPES[name]
        if isinstance(data.get(field), dict):
            changed[field] = shape_to_ga(data[field])
    if not changed and name not in LATER_FIELDS:
        return data
    return {**LATER_FIELDS.get(name, {}), **data, **changed}


def session_to_ga(session: Json) -> Json:
    """Return a session, nested; a flat one had no ``type``, and was what is now ``realtime``."""
    nested = _nested(session, _SESSION_PATHS)
    return session if nested is session else {"type": "realtime", **nested}


def response_to_ga(response: Json) -> Json:
    """Return a response, or what ``response.create`` wants of one, nested."""
    nested = _nested(response, _RESPONSE_PATHS)
    items = {
        key: [item_to_ga(item) if isinstance(item, dict) else item for item in nested[key]]
        for key in ("input", "output")
        if isinstance(nested.get(key), list)
    }
    return {**nested, **items}


def item_to_ga(item: Json) -> Json:
    """Return an item; an assistant's ``text`` and ``audio`` are ``output_text``, ``output_audio``.

    Parts of ``response.content_part.added`` and ``.done`` are not content: they kept their names.
    """
    content = item.get("content")
    if item.get("role") != "assistant" or not isinstance(content, list):
        return item
    return {**item, "content": [_part_to_ga(part) for part in content]}


def _part_to_ga(part: Any) -> Any:
    match part:
        case {"type": "text" | "audio" as name}:
            return {**part, "type": f"output_{name}"}
        case _:
            return part


def _nested(config: Json, paths: Mapping[str, _Path]) -> Json:
    """Return ``config`` with every flat key at its path, itself if it has none."""
    flat = [key for key in paths if key in config]
    if not flat and _DROPPED not in config:
        return config
    nested = {key: value for key, value in config.items() if key not in flat and key != _DROPPED}
    for key in flat:
        _put(nested, paths[key], _value_to_ga(key, config[key]))
    return nested


def _put(target: Json, path: _Path, value: Any) -> None:
    """Set what is at ``path`` unless it is set; objects on the way are copied."""
    *parents, last = path
    for parent in parents:
        inner = target.get(parent, {})
        if not isinstance(inner, dict):
            return
        target[parent] = dict(inner)
        target = target[parent]
    target.setdefault(last, value)


def _value_to_ga(key: str, value: Any) -> Any:
    match key, value:
        case "modalities", [*names] if "audio" in names:
            return ["audio"]  # the beta named text beside it; the transcript comes anyway
        case "input_audio_format" | "output_audio_format", str(name) if name in _FORMATS:
            return dict(_FORMATS[name])
        case _:
            return value


_SHAPES: dict[str, tuple[str, Callable[[Json], Json]]] = {
    "session.update": ("session", session_to_ga),
    "session.created": ("session", session_to_ga),
    "session.updated": ("session", session_to_ga),
    "response.create": ("response", response_to_ga),
    "response.created": ("response", response_to_ga),
    "response.done": ("response", response_to_ga),
    "response.output_item.added": ("item", item_to_ga),
    "response.output_item.done": ("item", item_to_ga),
    "conversation.item.create": ("item", item_to_ga),
    "conversation.item.added": ("item", item_to_ga),
    "conversation.item.done": ("item", item_to_ga),
    "conversation.item.retrieved": ("item", item_to_ga),
}
"""By an event's type: the field that holds an object of the beta, and what reads it."""
