"""The session object: defaults, and what ``session.update`` may do to it. Pure.

Only keys that are present change; null clears. An update that is wrong anywhere changes nothing.
Realtime: ``session.update``.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sipagent.audio.formats import AudioFormat

Json = dict[str, Any]


class InvalidConfigError(ValueError):
    """A field is wrong.

    Args:
        param: Dotted path of the field.
        message: What is wrong, and what is allowed.
        code: As the API names it.
    """

    def __init__(self, param: str, message: str, code: str = "invalid_value") -> None:
        self.param, self.code = param, code
        super().__init__(message)


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


def default_session(session_id: str, model: str, expires_at: int) -> Json:
    """Return the session of ``session.created``."""
    pcm = AudioFormat.PCM24.to_wire()
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "expires_at": expires_at,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "include": None,
        "audio": {
            "input": {
                "format": pcm,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(SERVER_VAD),
            },
            "output": {"format": pcm, "voice": "marin", "speed": 1.0},
        },
    }


def updated_session(session: Json, update: Json, *, has_spoken: bool) -> Json:
    """Return ``session`` with ``update`` applied; ``session`` itself stays as it is.

    Args:
        session: In effect.
        update: Of the client.
        has_spoken: Whether audio was made: the voice is then fixed.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    if update.get("type") != "realtime":
        raise InvalidConfigError("session.type", "session.type must be 'realtime'")
    if update.get("model") not in (None, session["model"]):
        raise InvalidConfigError("session.model", "the model of a session cannot change")
    merged = deepcopy(session)
    for key, value in update.items():
        if key == "audio":
            audio = _mapping(value, "session.audio")
            _update_input(merged["audio"]["input"], audio.get("input", {}), "session.audio.input")
            _update_output(
                merged["audio"]["output"],
                audio.get("output", {}),
                "session.audio.output",
                has_spoken=has_spoken,
            )
        elif key in _TOP_LEVEL:
            merged[key] = _TOP_LEVEL[key](value, f"session.{key}")
        elif key not in _FIXED:
            merged[key] = value  # newer than we are: kept, echoed, without effect
    return merged


def response_session(session: Json, overrides: Json) -> Json:
    """Return ``session`` as one response sees it.

    Args:
        session: In effect; it stays as it is.
        overrides: ``response`` of ``response.create``; what it does not name is the session's.

    Raises:
        InvalidConfigError: If a field is wrong, or asks for a response outside the conversation.
    """
    if overrides.get("conversation") not in (None, "auto"):
        raise InvalidConfigError("response.conversation", "only 'auto' is supported")
    merged = deepcopy(session)
    for key, value in overrides.items():
        if value is None:
            continue
        if key == "audio":
            output = _mapping(value, "response.audio").get("output", {})
            _update_output(merged["audio"]["output"], output, "response.audio.output")
        elif key == "metadata":
            merged[key] = _mapping(value, "response.metadata")
        elif key in _TOP_LEVEL:
            merged[key] = _TOP_LEVEL[key](value, f"response.{key}")
    return merged


def _update_input(audio: Json, update: Any, where: str) -> None:
    for key, value in _mapping(update, where).items():
        path = f"{where}.{key}"
        match key:
            case "format":
                audio[key] = _format(value, path)
            case "turn_detection":
                audio[key] = None if value is None else _turn_detection(value, path)
            case "transcription" | "noise_reduction":
                audio[key] = None if value is None else _mapping(value, path)
            case _:
                raise InvalidConfigError(path, f"unknown parameter {path}", "unknown_parameter")


def _update_output(audio: Json, update: Any, where: str, *, has_spoken: bool = False) -> None:
    for key, value in _mapping(update, where).items():
        path = f"{where}.{key}"
        match key:
            case "format":
                audio[key] = _format(value, path)
            case "voice":
                name = _text(value.get("id") if isinstance(value, dict) else value, path)
                if has_spoken and name != audio["voice"]:
                    raise InvalidConfigError(path, "cannot update voice with existing audio")
                audio[key] = name
            case "speed":
                audio[key] = _number(value, path, 0.25, 1.5)
            case _:
                raise InvalidConfigError(path, f"unknown parameter {path}", "unknown_parameter")


def _turn_detection(value: Any, path: str) -> Json:
    given = _mapping(value, path)
    kinds = {"server_vad": SERVER_VAD, "semantic_vad": SEMANTIC_VAD}
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidConfigError(f"{path}.type", "must be 'server_vad' or 'semantic_vad'")
    checks: dict[str, Callable[[Any, str], Any]] = {
        "type": _text,
        "threshold": lambda each, where: _number(each, where, 0.0, 1.0),
        "prefix_padding_ms": lambda each, where: _whole(each, where, 0, 10_000),
        "silence_duration_ms": lambda each, where: _whole(each, where, 0, 60_000),
        "idle_timeout_ms": lambda each, where: (
            None if each is None else _whole(each, where, 5_000, 30_000)
        ),
        "create_response": _flag,
        "interrupt_response": _flag,
        "eagerness": lambda each, where: _one_of(each, where, "low", "medium", "high", "auto"),
    }
    detection = dict(kinds[kind])
    for key, each in given.items():
        if key not in detection:
            where = f"{path}.{key}"
            raise InvalidConfigError(where, f"unknown parameter {where}", "unknown_parameter")
        detection[key] = checks[key](each, f"{path}.{key}")
    return detection


def _format(value: Any, path: str) -> Json:
    try:
        return AudioFormat.from_wire(value).to_wire()
    except ValueError as error:
        raise InvalidConfigError(path, str(error)) from None


def _modalities(value: Any, path: str) -> list[str]:
    if value not in (["audio"], ["text"]):
        raise InvalidConfigError(path, "must be ['audio'] or ['text']")
    return list(value)


def _tools(value: Any, path: str) -> list[Json]:
    if not isinstance(value, list):
        raise InvalidConfigError(path, "must be a list", "invalid_type")
    for index, tool in enumerate(value):
        where = f"{path}[{index}]"
        if _mapping(tool, where).get("type") == "function":
            _text(tool.get("name"), f"{where}.name")
    return value


def _mapping(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise InvalidConfigError(path, f"{path} must be an object", "invalid_type")
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidConfigError(path, f"{path} must be a string", "invalid_type")
    return value


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidConfigError(path, f"{path} must be true or false", "invalid_type")
    return value


def _number(value: Any, path: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidConfigError(path, f"{path} must be a number", "invalid_type")
    if not least <= value <= most:
        raise InvalidConfigError(path, f"{path} must be between {least:g} and {most:g}")
    return value


def _whole(value: Any, path: str, least: int, most: int) -> int:
    number = _number(value, path, least, most)
    if number != int(number):
        raise InvalidConfigError(path, f"{path} must be a whole number", "invalid_type")
    return int(number)


def _one_of(value: Any, path: str, *allowed: str) -> str:
    if value not in allowed:
        raise InvalidConfigError(path, f"{path} must be one of {', '.join(allowed)}")
    return str(value)


def _prompt(value: Any, path: str) -> Json | None:
    if value is None:
        return None
    prompt = _mapping(value, path)
    _text(prompt.get("id"), f"{path}.id")
    if prompt.get("variables") is not None:
        _mapping(prompt["variables"], f"{path}.variables")
    return prompt


def _output_tokens(value: Any, path: str) -> Any:
    return value if value == "inf" else _whole(value, path, 1, 4_096)


def _as_given(value: Any, _: str) -> Any:
    return value


_FIXED = {"type", "model", "id", "object", "expires_at"}
"""Of the session since it began."""

_TOP_LEVEL: dict[str, Callable[[Any, str], Any]] = {
    "output_modalities": _modalities,
    "instructions": _text,
    "tools": _tools,
    "tool_choice": _as_given,
    "max_output_tokens": _output_tokens,
    "prompt": _prompt,
    "tracing": _as_given,
    "truncation": _as_given,
    "include": _as_given,
}
