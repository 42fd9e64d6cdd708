"""Messages to events and back: JSON text frames, one event each."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

import orjson
from pydantic import ValidationError

from sipagent.errors import WireError

from .client import CLIENT_EVENTS, ClientEvent
from .events import Event, Json, UnknownEvent
from .server import BETA_NAMES, SERVER_EVENTS, ServerEvent

EXCERPT_CHARS = 80


def encode(event: Event) -> str:
    """Return the message of ``event``; fields never given stay away, None becomes null."""
    fields = event.model_dump(exclude_unset=True)
    return orjson.dumps({"type": event.TYPE, **fields}).decode()


def encode_append(audio: bytes) -> str:
    """Return the message of ``input_audio_buffer.append``; sent 50 times a second per call."""
    return '{"type":"input_audio_buffer.append","audio":"' + b64encode(audio).decode() + '"}'


def decode_client(message: str | bytes) -> ClientEvent:
    """Read a client's message.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
    """
    return cast(ClientEvent, _decode(_object(message), CLIENT_EVENTS, {}))


def decode_server(message: str | bytes) -> ServerEvent:
    """Read a server's message; beta names are understood.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
    """
    return cast(ServerEvent, _decode(_object(message), SERVER_EVENTS, BETA_NAMES))


def _object(message: str | bytes) -> Json:
    try:
        data = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise WireError("not JSON", excerpt=str(message[:EXCERPT_CHARS])) from None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise WireError("not an event", excerpt=str(message[:EXCERPT_CHARS]), param="type")
    return data


def _decode(data: Json, known: Mapping[str, type[Event]], renamed: Mapping[str, str]) -> Event:
    name: str = data["type"]
    event_class = known.get(renamed.get(name, name))
    if event_class is None:
        event_id: Any = data.get("event_id")
        return UnknownEvent(
            type=name, raw=data, event_id=event_id if isinstance(event_id, str) else None
        )
    try:
        return event_class.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{name}: {first['msg']}", param=path) from None
