"""Whose TLS handshake is not finished: how many there may be, and who gives way. Pure.

Whoever takes longer than a second gives way to those who wait: of the address with the most such
connections the oldest. Of that address no more than a few are let in for a while.

``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection

from .socket_budget import WINDOW_S

MOST_HANDSHAKES = 16
"""Not finished, or given up within the window."""
PATIENCE_S = 1.0
"""Whoever takes longer for the handshake gives way when others wait."""
MOST_OF_SILENT = 4
"""Of an address whose connections had to give way."""
REMEMBERED_S = 10.0
"""How long that is known of an address."""

Handle = tuple[int, int]
"""A socket: its number and its inode, since numbers are used again."""
Peer = tuple[str, int]


class Handshakes:
    """Those not finished."""

    def __init__(self) -> None:
        self._peers: dict[Handle, tuple[Peer, float]] = {}
        self._leaving: set[Handle] = set()
        self._left_at: deque[float] = deque()
        self._silent: dict[str, float] = {}

    @property
    def handles(self) -> Collection[Handle]:
        """Sockets, the oldest first."""
        return self._peers.keys()

    def begun(self, handle: Handle, peer: Peer, *, now: float) -> None:
        """Note one."""
        self._peers[handle] = (peer, now)

    def finished(self, peer: Peer) -> None:
        """Note that ``peer`` is connected; its place is no matter of ours any more."""
        for handle in [each for each, (its, _) in self._peers.items() if its == peer]:
            self._forget(handle)

    def gone(self, handle: Handle | None, *, now: float) -> None:
        """Note that one ended, or that an unknown one did; its place is free later."""
        if handle is not None:
            self._forget(handle)
        self._left_at.append(now)

    def have_room(self, waiting: int, *, now: float) -> bool:
        """Tell whether so many more may come in."""
        while self._left_at and now - self._left_at[0] >= WINDOW_S:
            self._left_at.popleft()
        return len(self._peers) + len(self._left_at) + waiting <= MOST_HANDSHAKES

    def give_way(self, waiting: int, *, now: float) -> list[Handle]:
        """Return those to be ended for so many, and let each give way once only."""
        chosen: list[Handle] = []
        stay = {each: its for each, its in self._peers.items() if each not in self._leaving}
        while len(stay) + waiting > MOST_HANDSHAKES:
            held = Counter(peer[0] for peer, _ in stay.values())
            late = [each for each, (_, since) in stay.items() if now - since >= PATIENCE_S]
            if not late:
                break
            oldest = max(late, key=lambda each: held[stay[each][0][0]])  # the first of equals
            self._silent[stay.pop(oldest)[0][0]] = now
            chosen.append(oldest)
        self._leaving.update(chosen)
        return chosen

    @property
    def silent(self) -> Collection[str]:
        """Addresses whose connections had to give way lately."""
        return self._silent.keys()

    def turn_away(self, addresses: Collection[str], *, now: float) -> bool:
        """Tell whether these are not to be let in: enough of each are silent already."""
        self._silent = {each: at for each, at in self._silent.items() if now - at < REMEMBERED_S}
        held = Counter(peer[0] for peer, _ in self._peers.values())
        return bool(addresses) and all(
            each in self._silent and held[each] >= MOST_OF_SILENT for each in addresses
        )

    def late(self, addresses: Collection[str], *, now: float) -> list[Handle]:
        """Return those of ``addresses`` that had their time, each once only."""
        found = [
            each
            for each, (peer, since) in self._peers.items()
            if each not in self._leaving and peer[0] in addresses and now - since >= PATIENCE_S
        ]
        self._leaving.update(found)
        return found

    def _forget(self, handle: Handle) -> None:
        del self._peers[handle]
        self._leaving.discard(handle)
