"""The door of the TLS port: how many peers PJSIP lets in at once, and which must go again.

PJSIP tells of a TLS connection once its handshake is done; those whose peer is silent take places
in its table of sockets unseen (see :mod:`.socket_budget`), and it accepts for as long as somebody
waits, without end in a flood. So its listening socket is changed for one where nobody comes. When
somebody waits at the real one and there is room, that is deafened, put in its place for one poll,
and taken away again: who is let in is known beforehand, to the number.

Those silent too long give way (see :mod:`.handshakes`). Who is not to be let in is accepted here
and closed, which takes no place, so that who holds many keeps nobody else out.

Runs on the PJSIP thread.

| resource            | acquired   | released                 | on failure                      |
|---------------------|------------|--------------------------|---------------------------------|
| listening socket    | ``open``   | ``close`` (second handle)| not ours: ``ConnectionGate``'s  |
| socket in its place | ``open``   | ``close``; one by PJSIP  | the same                        |
| filter              | ``let_in`` | ``let_in``               | the same                        |
| handshakes          | PJSIP's    | PJSIP; ``close``         | closed by PJSIP                 |
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import socket
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic

from .door_sockets import accepted, deafen, hear, listening, not_accepted
from .handshakes import MOST_HANDSHAKES, Handle, Handshakes, Peer
from .pjlib import declared

log = logging.getLogger(__name__)

_WAITING_AT = 24
"""Where ``struct tcp_info`` of a listening socket says how many wait (``tcpi_unacked``)."""


class TlsDoor:
    """Stand between strangers and PJSIP's TLS."""

    def __init__(self) -> None:
        self._handshakes = Handshakes()
        self._connected: dict[int, Peer] = {}
        self._real: socket.socket | None = None
        self._places: tuple[socket.socket, ...] = ()
        self._number = 0
        self._port = 0

    @property
    def pending(self) -> int:
        """Connections that PJSIP has and does not tell of."""
        return len(self._handshakes.handles)

    def open(self, port: int) -> bool:
        """Stand at ``port``, once PJSIP listens there; return whether that can be done."""
        pjsip = declared("guards TLS", {"pj_ioqueue_name": (ctypes.c_char_p, [])})
        if pjsip.pj_ioqueue_name() != b"select":  # epoll would go on watching the real socket
            return False
        found = listening({port})
        if not found:
            return False
        [(self._number, self._real)] = found.items()
        self._port = port
        self._places = socket.socketpair()
        self._put(self._places[0])
        return True

    def close(self) -> None:
        """Let go of the sockets, once PJSIP is gone; it forgets those it never told of."""
        for handle in list(self._handshakes.handles):
            if _is_open(handle):
                os.close(handle[0])
        self._handshakes = Handshakes()
        for each in (*self._places, self._real):
            if each is not None:
                each.close()
        self._real, self._places = None, ()

    def connected(self, transport: int, remote: str) -> None:
        """Note that PJSIP tells of a connection to ``remote``."""
        host, _, port = remote.rpartition(":")
        if port.isdecimal():
            peer = (host.strip("[]"), int(port))
            self._connected[transport] = peer
            self._handshakes.finished(peer)

    def ended(self, transport: int) -> None:
        """Note the end of a connection that was told of."""
        self._connected.pop(transport, None)

    def let_in(self, handle_events: Callable[[int], None], *, is_full: bool) -> bool:
        """Let in who waits, if there is room; return whether anybody was.

        Args:
            handle_events: Has PJSIP accept them; told how many they are.
            is_full: Whether PJSIP has no room for anybody.
        """
        self._look()
        if self._real is None or not self._waiting():
            return False
        if is_full:
            self._make_room(MOST_HANDSHAKES)
            return False
        deafen(self._real)
        try:
            waiting = self._waiting()  # no more than that until it hears
            if self._turns_away(self._real, waiting):
                return False
            if not self._handshakes.have_room(waiting, now=monotonic()):
                self._make_room(waiting)
                return False
            before = accepted(self._port)
            try:
                self._put(self._real)
                handle_events(waiting)
            finally:
                self._put(self._places[0])
            self._came(waiting, accepted(self._port), before)
        finally:
            hear(self._real)
        return True

    def _came(self, comers: int, after: dict[int, Peer], before: dict[int, Peer]) -> None:
        new = {number: peer for number, peer in after.items() if before.get(number) != peer}
        told = set(self._connected.values())
        for number, peer in new.items():
            if peer not in told:
                handle = (number, os.fstat(number).st_ino)
                self._handshakes.begun(handle, peer, now=monotonic())
        for _ in range(comers - len(new)):
            self._handshakes.gone(None, now=monotonic())

    def _look(self) -> None:
        """Notice who is gone."""
        for handle in list(self._handshakes.handles):
            if not _is_open(handle):
                self._handshakes.gone(handle, now=monotonic())

    def _turns_away(self, real: socket.socket, waiting: int) -> bool:
        """Close those who wait, if all are of addresses that have enough."""
        if not self._handshakes.silent:
            return False
        addresses = not_accepted(self._port)
        if not self._handshakes.turn_away(addresses, now=monotonic()):
            return False
        _end(self._handshakes.late(addresses, now=monotonic()))
        for _ in range(waiting):
            with suppress(OSError):
                real.accept()[0].close()
        return True

    def _make_room(self, waiting: int) -> None:
        known = set(self._handshakes.silent)
        _end(self._handshakes.give_way(waiting, now=monotonic()))
        for address in set(self._handshakes.silent) - known:
            log.warning("! %s holds TLS connections without a handshake: they give way", address)

    def _waiting(self) -> int:
        """Return how many are there to be accepted."""
        if self._real is None or not select.select([self._real], [], [], 0)[0]:
            return 0
        told = self._real.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _WAITING_AT + 4)
        return max(1, int(struct.unpack_from("I", told, _WAITING_AT)[0]))

    def _put(self, each: socket.socket) -> None:
        """Make ``each`` what PJSIP listens on."""
        os.dup2(each.fileno(), self._number, inheritable=False)


def _end(handles: Collection[Handle]) -> None:
    """End connections; PJSIP sees it, and closes them."""
    for number, _ in handles:
        with socket.socket(fileno=os.dup(number)) as each, suppress(OSError):  # gone already
            each.shutdown(socket.SHUT_RDWR)


def _is_open(handle: Handle) -> bool:
    number, inode = handle
    try:
        return os.fstat(number).st_ino == inode
    except OSError:
        return False
