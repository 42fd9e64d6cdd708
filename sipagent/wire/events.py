"""What every event of the protocol has, and how it is told apart.

Events received ignore unknown fields: the provider adds some every month. Fields that were not
given are not sent; a field given as None is sent as null, which means something else.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict

Json: TypeAlias = dict[str, Any]
"""An object passed through as it is on the wire: a session, an item, a response."""


class Event(BaseModel):
    """One message of the protocol."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str] = ""

    event_id: str | None = None


class UnknownEvent(Event):
    """An event of a type nobody here knows; passed on as it came."""

    type: str
    raw: Json
