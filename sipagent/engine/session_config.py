"""The session object: defaults, and what ``session.update`` may do to it. Pure.

Only keys that are present change; null clears. An update that is wrong anywhere changes nothing.
Realtime: ``session.update``.
"""

from __future__ import annotations

from copy import deepcopy

from sipagent.audio.formats import AudioFormat

from .audio_fields import SERVER_VAD, update_input, update_output
from .checks import InvalidConfigError, Json, mapping, text
from .fields import OF_SESSION

DEFAULT_MODEL = "gpt-realtime"

_FIXED = {"type", "model", "id", "object", "expires_at"}
"""Of the session since it began."""


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


def updated_session(
    session: Json, update: Json, *, has_spoken: bool, takes_model: bool = False
) -> Json:
    """Return ``session`` with ``update`` applied; ``session`` itself stays as it is.

    Args:
        session: In effect.
        update: Of the client.
        has_spoken: Whether audio was made: the voice is then fixed.
        takes_model: Whether nobody has named a model yet.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    if update.get("type") != "realtime":
        raise InvalidConfigError("session.type", "session.type must be 'realtime'")
    merged = deepcopy(session)
    if update.get("model") is not None:
        merged["model"] = text(update["model"], "session.model")
        if not takes_model and merged["model"] != session["model"]:
            raise InvalidConfigError("session.model", "the model of a session cannot change")
    for key, value in update.items():
        if key == "audio":
            audio = mapping(value, "session.audio")
            update_input(merged["audio"]["input"], audio.get("input", {}), "session.audio.input")
            update_output(
                merged["audio"]["output"],
                audio.get("output", {}),
                "session.audio.output",
                has_spoken=has_spoken,
            )
        elif key in OF_SESSION:
            merged[key] = OF_SESSION[key](value, f"session.{key}")
        elif key not in _FIXED:
            merged[key] = value  # newer than we are: kept, echoed, without effect
    if session["tracing"] not in (None, merged["tracing"]):
        raise InvalidConfigError("session.tracing", "tracing cannot change once it is on")
    return merged
