"""Who may be connected to the HTTP server, and who gives way. Pure.

A connection waits (for its first request, or for one more) or is being answered. Where there are
too many, of one source or of all, the one that has waited longest gives way to whoever comes. If
none waits, a newcomer gets one of a few spare places, from which only the state of the box may be
asked: so its probes are answered whoever else has all the places.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

MOST = 200
"""Connections in ordinary places: streams for all who may have one, and as many again."""
MOST_OF_ONE = 100
"""Of one source. A proxy is one source for all who are behind it, streams and all."""
MOST_SPARE = 20


@dataclass(frozen=True, slots=True)
class Seat:
    """What a newcomer gets."""

    is_spare: bool = False
    gives_way: Hashable | None = None
    """The connection that is to be closed for it."""


@dataclass(slots=True)
class _Kept:
    source: str
    is_spare: bool
    is_waiting: bool = True


class HttpPlaces:
    """Account for the connections there are."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}  # those that wait: the longest first

    def admit(self, connection: Hashable, source: str) -> Seat | None:
        """Return where ``connection`` gets a place; None: nowhere."""
        ordinary = [key for key, each in self._kept.items() if not each.is_spare]
        of_source = [key for key in ordinary if self._kept[key].source == source]
        if len(of_source) >= MOST_OF_ONE:
            rivals = of_source
        elif len(ordinary) >= MOST:
            rivals = ordinary
        else:
            return self._seat(connection, source, Seat())
        if (oldest := self._oldest(rivals)) is not None:
            return self._seat(connection, source, Seat(gives_way=oldest))
        spare = [key for key, each in self._kept.items() if each.is_spare]
        if len(spare) < MOST_SPARE:
            return self._seat(connection, source, Seat(is_spare=True))
        if (oldest := self._oldest(spare)) is not None:
            return self._seat(connection, source, Seat(is_spare=True, gives_way=oldest))
        return None

    def began(self, connection: Hashable) -> bool:
        """Note a request; return whether it may be about nothing but the state of the box."""
        kept = self._kept.get(connection)
        if kept is None:  # it has given way
            return True
        kept.is_waiting = False
        return kept.is_spare

    def ended(self, connection: Hashable) -> None:
        """Note that a request was answered."""
        kept = self._kept.pop(connection, None)
        if kept is not None:
            kept.is_waiting = True
            self._kept[connection] = kept

    def gone(self, connection: Hashable) -> None:
        """Forget a connection."""
        self._kept.pop(connection, None)

    def _oldest(self, rivals: Iterable[Hashable]) -> Hashable | None:
        return next((key for key in rivals if self._kept[key].is_waiting), None)

    def _seat(self, connection: Hashable, source: str, seat: Seat) -> Seat:
        self._kept.pop(seat.gives_way, None)
        self._kept[connection] = _Kept(source, seat.is_spare)
        return seat
