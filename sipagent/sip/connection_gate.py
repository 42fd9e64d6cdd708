"""How many TCP and TLS connections at once PJSIP can take, and the door that is shut meanwhile.

PJSIP bears only so many (see :mod:`.socket_budget`); whoever opens connections and closes them, as
port scanners do, need send nothing to end the process. At a limit well below, or when all of them
together, ours included, reach theirs, nobody is let in any more: the kernel drops what comes to the
listening sockets, so that an honest peer tries again by itself, a second later. Connections that
are open and silent give way to new ones, the oldest first; one that carries a call or a
registration is only closed after it.

Runs on the PJSIP thread; calls, and UDP, notice nothing.

| resource            | acquired      | released                    | on failure                   |
|---------------------|---------------|-----------------------------|------------------------------|
| listening sockets   | ``open``      | ``close`` (second handles)  | the door is never shut       |
| filter of a socket  | at the limit  | below it, or with its end   | the same                     |
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable, Collection
from time import monotonic

from .door_sockets import deafen, hear, listening
from .socket_budget import MOST_CONNECTIONS, WINDOW_S, ConnectionBudget

log = logging.getLogger(__name__)

MOST_HELD = 16
"""Open, or closed within the window; the kernel may let in five more that already wait."""


class ConnectionCount:
    """Count connections that take a place; pure."""

    def __init__(self) -> None:
        self._open: dict[int, bool] = {}
        self._closed_at: deque[float] = deque()

    def opened(self, connection: int) -> None:
        """Note a connection."""
        self._open.setdefault(connection, True)

    def ended(self, connection: int, *, now: float) -> None:
        """Note the end of one; its place is free ``WINDOW_S`` later."""
        if self._open.pop(connection, None) is not None:
            self._closed_at.append(now)

    def is_full(self, *, now: float) -> bool:
        """Tell whether nobody else may come in."""
        while self._closed_at and now - self._closed_at[0] >= WINDOW_S:
            self._closed_at.popleft()
        return len(self._open) + len(self._closed_at) >= MOST_HELD

    def oldest(self) -> int | None:
        """Return the connection that is to give way, and let it give way once only."""
        found = next((each for each, may_stay in self._open.items() if may_stay), None)
        if found is not None:
            self._open[found] = False
        return found


class ConnectionGate:
    """Stand between strangers and PJSIP's listening sockets.

    Args:
        give_way: Shuts a connection down that carries nothing.
        budget: Of all connections.
    """

    def __init__(self, give_way: Callable[[int], None], budget: ConnectionBudget) -> None:
        self._budget = budget
        self._give_way = give_way
        self._count = ConnectionCount()
        self._sockets: list[socket.socket] = []
        self._is_shut = False

    @property
    def is_shut(self) -> bool:
        """Whether nobody may come in."""
        return self._is_shut

    def open(self, ports: Collection[int]) -> None:
        """Find the sockets that listen on ``ports``, once they do."""
        self._sockets = list(listening(ports).values())

    def connected(self, connection: int) -> None:
        """Note a connection, and shut the door behind it if it was the last one."""
        self._count.opened(connection)
        if self._is_full():
            self._shut()

    def ended(self, connection: int) -> None:
        """Note the end of a connection."""
        self._count.ended(connection, now=monotonic())

    def poll(self) -> None:
        """Make room, and let others in again once there is."""
        if not self._is_shut:
            if self._budget.taken(now=monotonic()) >= MOST_CONNECTIONS:
                self._shut()
            return
        if not self._is_full():
            self._is_shut = False
            for each in self._sockets:
                hear(each)
        elif (oldest := self._count.oldest()) is not None:
            self._give_way(oldest)

    def close(self) -> None:
        """Let go of the sockets."""
        for each in self._sockets:
            each.close()
        self._sockets = []

    def _is_full(self) -> bool:
        now = monotonic()
        return self._count.is_full(now=now) or self._budget.taken(now=now) >= MOST_CONNECTIONS

    def _shut(self) -> None:
        if self._is_shut:
            return
        self._is_shut = True
        log.warning("! too many connections within %g s: no others for now", WINDOW_S)
        for each in self._sockets:
            deafen(each)
