"""Values of a session's configuration, as the wire wants them.

Whatever names an audio format or a turn detection, in the SDKs' spelling or an older one, becomes
what ``session.update`` takes (Realtime: the session object). Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from sipagent.audio.formats import AudioFormat
from sipagent.errors import ConfigError

PCM_RATE_HZ = 24_000

TURN_DETECTION_ALIASES = {
    "createResponse": "create_response",
    "interruptResponse": "interrupt_response",
    "prefixPaddingMs": "prefix_padding_ms",
    "silenceDurationMs": "silence_duration_ms",
    "idleTimeoutMs": "idle_timeout_ms",
    "modelVersion": "model_version",
}


class Default(Enum):
    """Not given, which is not the same as null."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT


def snake_case(name: str) -> str:
    """Return ``tool_choice`` for ``toolChoice``."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda match: f"_{match[0].lower()}", name)


def snake_keys(value: Any) -> Any:
    """Return ``value`` with the keys of its objects in snake case; camel case wins over it."""
    if not isinstance(value, Mapping):
        return value
    renamed = {key: snake_case(key) for key in value if isinstance(key, str)}
    as_it_was = {key: snake_keys(value[key]) for key, name in renamed.items() if key == name}
    return as_it_was | {
        name: snake_keys(value[key]) for key, name in renamed.items() if key != name
    }


def format_to_wire(value: Any, *, where: str) -> dict[str, Any]:
    """Return the format object for ``value``, an object or a name.

    Raises:
        ConfigError: If it is no format of the Realtime API.
    """
    if isinstance(value, Mapping):
        value = {"type": value.get("type"), **_rate(value)}
    try:
        return AudioFormat.from_wire(value).to_wire()
    except ValueError as error:
        raise ConfigError(str(error), where=where) from None


def _rate(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rate that counts: only PCM has one, and what is no number is as good as none."""
    rate = value.get("rate")
    is_none = rate is None or (isinstance(rate, float) and not math.isfinite(rate))
    is_pcm = value.get("type") in ("audio/pcm", "pcm", "pcm16")
    return {"rate": PCM_RATE_HZ if is_none else rate} if is_pcm else {}


def turn_detection_to_wire(value: Any) -> Any:
    """Return the turn detection for ``value``: keys in snake case, unknown ones as they are.

    An empty object says nothing, so it is ``DEFAULT``; null turns VAD off, so it stays.
    """
    if not isinstance(value, Mapping):
        return value
    given = {key: each for key, each in value.items() if each is not DEFAULT}
    aliased = {
        name: given.pop(alias) for alias, name in TURN_DETECTION_ALIASES.items() if alias in given
    }
    return (given | aliased) or DEFAULT


def at_path(value: Any, *keys: str) -> Any:
    """Return what stands at a path of an object; None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
