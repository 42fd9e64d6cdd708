"""What is told of connections, in the order a call meets it."""

from __future__ import annotations

from functools import partial
from typing import get_args

from sipagent.realtime.connection_events import (
    ConnectionEvent,
    ConnectionLost,
    Reconnected,
    SessionExpiring,
    TransportEvent,
)
from sipagent.realtime.listeners import EVERYTHING, Listeners


def test_a_listener_hears_every_event_of_a_connection_under_its_name() -> None:
    told: list[ConnectionEvent] = [
        TransportEvent({"type": "session.created"}, 0.0),
        SessionExpiring(300.0, 1.0),
        ConnectionLost(1006, "gone", 2.0),
        Reconnected("gone", 3.0),
    ]
    assert {type(event) for event in told} == set(get_args(ConnectionEvent))
    names = ["transport_event", "session_expiring", "connection_lost", "reconnected"]
    listeners = Listeners()
    heard: list[tuple[str, ConnectionEvent]] = []

    def hear(name: str, event: ConnectionEvent) -> None:
        heard.append((name, event))

    for name in [*names, EVERYTHING]:
        listeners.add(name, partial(hear, name))
    for event in told:
        listeners.tell(event)
    expected = [
        each
        for name, event in zip(names, told, strict=True)
        for each in ((name, event), (EVERYTHING, event))
    ]
    assert heard == expected
