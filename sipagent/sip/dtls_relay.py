"""The relay of encrypted audio, between peers with DTLS and PJSIP, on a thread of its own.

Each leg has two sockets towards the peer, from the range of ``rtp_ports``, and two towards PJSIP,
on the address PJSIP is bound to. Those take nothing from anybody else: both ends are connected.
What goes where is decided by ``dtls_path``.

Threads: legs are opened and closed on the PJSIP thread, which posts the rest to the relay's.

| resource          | acquired        | released                         | on failure              |
|-------------------|-----------------|----------------------------------|-------------------------|
| thread, event fd  | first ``open``  | ``close``                        | no leg is opened        |
| sockets of a leg  | ``open``        | ``end``; a second handle rests   | none of them stays open |
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import monotonic

from sipagent.deadlines import earliest

from .dtls_dialog import Agreed
from .dtls_handshake import Identity
from .dtls_leg import RelayLeg

log = logging.getLogger(__name__)


class MediaRelay:
    """Relay legs; nothing is held before the first.

    Args:
        bind: Address towards peers, and of PJSIP.
        ports: First and last of the range.
    """

    def __init__(self, bind: str, ports: tuple[int, int]) -> None:
        self._bind, self._range = bind, ports
        self._inner_host = "127.0.0.1" if bind == "0.0.0.0" else bind
        self._next = 0
        self._identity: Identity | None = None
        self._legs: dict[int, tuple[RelayLeg, socket.socket]] = {}
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = -1
        self._poll: select.epoll | None = None
        self._thread: threading.Thread | None = None

    @property
    def inner_host(self) -> str:
        """Address of PJSIP's media, and of the relay towards it."""
        return self._inner_host

    @property
    def identity(self) -> Identity:
        """Our certificate."""
        if self._identity is None:
            self._identity = Identity()
        return self._identity

    def open(self, on_judged: Callable[[str], None]) -> RelayLeg:
        """Return a new leg.

        Raises:
            OSError: If there is no free pair of ports.
        """
        with ExitStack() as stack:
            outer = self._outer_pair(stack)
            inner = (
                self._bound(self._inner_host, 0, stack),
                self._bound(self._inner_host, 0, stack),
            )
            leg = RelayLeg(self.identity, outer, inner, on_judged)
            stack.pop_all()
        self._start()
        self._post(lambda: self._add(leg))
        return leg

    def agree(self, leg: RelayLeg, agreed: Agreed) -> None:
        """Go by what offer and answer of a leg say."""
        self._post(lambda: leg.agree(agreed))

    def end(self, leg: RelayLeg) -> tuple[int, ...]:
        """End a leg; return second handles of its sockets towards the peer, to be closed later."""
        handles = tuple(os.dup(each.fileno()) for each in leg.sockets[:2])
        self._post(lambda: self._remove(leg))
        return handles

    def close(self) -> None:
        """End the thread, and every leg."""
        if self._thread is not None:
            self._post(self._stop)
            self._thread.join()
            self._thread = None

    def _outer_pair(self, stack: ExitStack) -> tuple[socket.socket, socket.socket]:
        first, last = self._range
        pairs = (last - first + 1) // 2
        for _ in range(pairs):
            # From the end of the range: PJSIP takes its own from the beginning.
            port = first + 2 * (pairs - 1 - self._next % pairs)
            self._next += 1
            with ExitStack() as pair:
                try:
                    rtp, rtcp = (self._bound(self._bind, port + at, pair) for at in (0, 1))
                except OSError:
                    continue
                stack.push(pair.pop_all())
                return rtp, rtcp
        raise OSError(f"no free pair of ports from {first} to {last}")

    @staticmethod
    def _bound(host: str, port: int, stack: ExitStack) -> socket.socket:
        made = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made.setblocking(False)
        made.bind((host, port))
        return made

    def _start(self) -> None:
        if self._thread is None:
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._poll = select.epoll()
            self._poll.register(self._wake, select.EPOLLIN)
            self._thread = threading.Thread(target=self._run, name="media relay", daemon=True)
            self._thread.start()

    def _post(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        os.eventfd_write(self._wake, 1)

    # The relay's thread.

    def _run(self) -> None:
        poll, wake = self._poll, self._wake
        assert poll is not None
        try:
            while self._poll is not None:
                self._turn(poll)
        finally:
            for leg in {leg for leg, _ in self._legs.values()}:
                self._remove(leg)
            poll.close()
            os.close(wake)
            self._wake = -1

    def _turn(self, poll: select.epoll) -> None:
        legs = {leg for leg, _ in self._legs.values()}
        due = earliest(leg.deadline() for leg in legs)
        for handle, _ in poll.poll(None if due is None else max(0.0, due - monotonic())):
            try:
                if handle == self._wake:
                    os.eventfd_read(handle)
                elif handle in self._legs:
                    leg, waiting = self._legs[handle]
                    leg.receive(waiting)
            except Exception:
                log.exception("! a datagram was lost")
        if due is not None and due <= (now := monotonic()):
            for leg in legs:
                self._commands.append(partial(leg.expire, now))
        while self._commands:
            command = self._commands.popleft()
            try:
                command()
            except Exception:
                log.exception("! a command to the relay failed")

    def _add(self, leg: RelayLeg) -> None:
        assert self._poll is not None
        for each in leg.sockets:
            self._legs[each.fileno()] = leg, each
            self._poll.register(each.fileno(), select.EPOLLIN)

    def _remove(self, leg: RelayLeg) -> None:
        for each in leg.sockets:
            if self._legs.pop(each.fileno(), None) is not None and self._poll is not None:
                self._poll.unregister(each.fileno())
            each.close()

    def _stop(self) -> None:
        self._poll = None
