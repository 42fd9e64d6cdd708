"""What a session tells of the connections that carry it, one after another; see ``events``.

A conversation outlives its connection where ``rotation`` lets it. ``SessionConfigured`` and
``Disconnected``, its beginning and its end, stand in ``events``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from sipagent.wire.events import Json


@dataclass(frozen=True, slots=True)
class SessionExpiring:
    """The endpoint will end the session; another takes over before."""

    NAME: ClassVar = "session_expiring"
    in_s: float
    at: float


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The socket is gone and another session is being opened; nothing is heard meanwhile."""

    NAME: ClassVar = "connection_lost"
    close_code: int
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Another session took over, and was told the conversation so far."""

    NAME: ClassVar = "reconnected"
    reason: str
    """``expiry`` or why the one before was lost."""
    at: float


@dataclass(frozen=True, slots=True)
class TransportEvent:
    """An event of the endpoint as it came; told before what follows from it."""

    NAME: ClassVar = "transport_event"
    raw: Json
    at: float


ConnectionEvent: TypeAlias = SessionExpiring | ConnectionLost | Reconnected | TransportEvent
