"""Events of a response as they come: which end it, which are errors (Responses API). Pure."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from sipagent.agents.backend.model import Json
from sipagent.agents.quoting import said_in
from sipagent.errors import ModelError

ENDS = frozenset({"response.completed", "response.failed", "response.incomplete"})

ERRORS = frozenset({"error", "response.error"})
"""They end a response as well, but are none of its events."""


def read_event(where: str, text: str | bytes, name: str = "") -> Json:
    """Return an event.

    Args:
        where: It comes from, for the error.
        text: Of it.
        name: What it is called beside its text; counts if the text has no type.

    Raises:
        ModelError: If it is none.
    """
    event = read_object(where, text)
    if not isinstance(event.setdefault("type", name), str) or not event["type"]:
        raise ModelError(f"{where} sent what is no event")
    return event


def read_object(where: str, text: str | bytes) -> Json:
    """Return a JSON object.

    Raises:
        ModelError: If it is none.
    """
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ModelError(f"{where} sent an event that is not JSON") from None
    if not isinstance(told, dict):
        raise ModelError(f"{where} sent what is no event")
    return told


def error_of(where: str, event: Json, secrets: Iterable[str]) -> ModelError:
    """Return what an ``error`` event tells."""
    said = said_in(event, secrets)
    status = event.get("status")
    return ModelError(
        said.after(f"{where} gave up"),
        status=status if isinstance(status, int) and not isinstance(status, bool) else 0,
        code=said.code,
    )
