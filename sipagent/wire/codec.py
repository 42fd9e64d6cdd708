"""Messages to events and back: JSON text frames, one event each."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

import orjson
from pydantic import ValidationError

from sipagent.errors import WireError

from .beta import event_to_ga
from .client import CLIENT_EVENTS, ClientEvent
from .events import Event, Json, UnknownEvent
from .server import SERVER_EVENTS, ServerEvent

EXCERPT_CHARS = 80


def encode(event: Event) -> str:
    """Return the message of ``event``.

    Fields never given stay away, None becomes null; an unknown event is sent as it came.
    """
    if isinstance(event, UnknownEvent):
        return orjson.dumps(event.raw).decode()
    fields = event.model_dump(exclude_unset=True)
    return orjson.dumps({"type": event.TYPE, **fields}).decode()


def encode_append(audio: bytes) -> str:
    """Return the message of ``input_audio_buffer.append``; sent 50 times a second per call."""
    return '{"type":"input_audio_buffer.append","audio":"' + b64encode(audio).decode() + '"}'


def decode_client(message: str | bytes) -> ClientEvent:
    """Read a client's message; the beta is understood.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
    """
    return cast(ClientEvent, _decode(_object(message), CLIENT_EVENTS))


def decode_server(message: str | bytes) -> ServerEvent:
    """Read a server's message; the beta is understood.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
    """
    return read_server(message)[0]


def read_server(message: str | bytes) -> tuple[ServerEvent, Json]:
    """Read a server's message; return the event, and the object as the server sent it.

    Raises:
        WireError: If it is no JSON object, has no type, or a field is wrong (``param`` names it).
    """
    raw = _object(message)
    return cast(ServerEvent, _decode(raw, SERVER_EVENTS)), raw


def _object(message: str | bytes) -> Json:
    try:
        data = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise WireError("not JSON", excerpt=str(message[:EXCERPT_CHARS])) from None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise WireError("not an event", excerpt=str(message[:EXCERPT_CHARS]), param="type")
    return data


def _decode(raw: Json, known: Mapping[str, type[Event]]) -> Event:
    data = event_to_ga(raw)
    event_class = known.get(data["type"])
    if event_class is None:
        event_id: Any = raw.get("event_id")
        return UnknownEvent(
            type=raw["type"], raw=raw, event_id=event_id if isinstance(event_id, str) else None
        )
    try:
        return event_class.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{raw['type']}: {first['msg']}", param=path) from None
