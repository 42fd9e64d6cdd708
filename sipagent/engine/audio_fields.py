"""The ``audio`` object of a session: formats, voice, turn detection. Pure.

Realtime: ``session.audio.input`` and ``session.audio.output``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sipagent.audio.formats import AudioFormat

from .checks import InvalidConfigError, Json, flag, mapping, number, one_of, text, unknown, whole

SERVER_VAD: Json = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
SEMANTIC_VAD: Json = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}

MODEL_VERSION = "model_version"
"""Of ``semantic_vad``; the provider's own, kept and told."""


def update_input(audio: Json, update: Any, where: str) -> None:
    """Change the caller's side."""
    for key, value in mapping(update, where).items():
        path = f"{where}.{key}"
        match key:
            case "format":
                audio[key] = _format(value, path)
            case "turn_detection":
                audio[key] = None if value is None else _turn_detection(value, path)
            case "transcription":
                audio[key] = None if value is None else _transcription(value, path)
            case "noise_reduction":
                audio[key] = None if value is None else _noise_reduction(value, path)
            case _:
                raise unknown(path)


def update_output(audio: Json, update: Any, where: str, *, has_spoken: bool = False) -> None:
    """Change the agent's side; its voice only before it was heard."""
    for key, value in mapping(update, where).items():
        path = f"{where}.{key}"
        match key:
            case "format":
                audio[key] = _format(value, path)
            case "voice":
                name = text(value.get("id") if isinstance(value, dict) else value, path)
                if has_spoken and name != audio["voice"]:
                    raise InvalidConfigError(path, "cannot update voice with existing audio")
                audio[key] = name
            case "speed":
                audio[key] = number(value, path, 0.25, 1.5)
            case _:
                raise unknown(path)


_DETECTION: dict[str, Callable[[Any, str], Any]] = {
    "type": text,
    "threshold": lambda each, where: number(each, where, 0.0, 1.0),
    "prefix_padding_ms": lambda each, where: whole(each, where, 0, 10_000),
    "silence_duration_ms": lambda each, where: whole(each, where, 0, 60_000),
    "idle_timeout_ms": lambda each, where: (
        None if each is None else whole(each, where, 5_000, 30_000)
    ),
    "create_response": flag,
    "interrupt_response": flag,
    "eagerness": lambda each, where: one_of(each, where, "low", "medium", "high", "auto"),
    MODEL_VERSION: text,
}


def _turn_detection(value: Any, path: str) -> Json:
    given = mapping(value, path)
    kinds = {"server_vad": SERVER_VAD, "semantic_vad": SEMANTIC_VAD}
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidConfigError(f"{path}.type", "must be 'server_vad' or 'semantic_vad'")
    detection = dict(kinds[kind])
    known = {*detection, MODEL_VERSION} if kind == "semantic_vad" else {*detection}
    for key, each in given.items():
        where = f"{path}.{key}"
        if key not in known:
            raise unknown(where)
        detection[key] = _DETECTION[key](each, where)
    return detection


def _transcription(value: Any, path: str) -> Json:
    wanted = mapping(value, path)
    for key in ("model", "language", "prompt"):
        if wanted.get(key) is not None:
            text(wanted[key], f"{path}.{key}")
    return wanted


def _noise_reduction(value: Any, path: str) -> Json:
    wanted = mapping(value, path)
    one_of(wanted.get("type"), f"{path}.type", "near_field", "far_field")
    if wanted.get("strength") is not None:
        number(wanted["strength"], f"{path}.strength", 0.0, 1.0)
    return wanted


def _format(value: Any, path: str) -> Json:
    try:
        return AudioFormat.from_wire(value).to_wire()
    except ValueError as error:
        raise InvalidConfigError(path, str(error)) from None
