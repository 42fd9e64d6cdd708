"""One leg of the relay: its sockets, and the paths that decide of what comes to them.

| resource           | acquired             | released                                |
|--------------------|----------------------|-----------------------------------------|
| sockets            | ``MediaRelay.open``  | ``MediaRelay.end``                      |

Thread: made on PJSIP's; what moves datagrams runs on the relay's.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

from sipagent.deadlines import earliest

from .dtls_dialog import Agreed, RelayPorts
from .dtls_handshake import Identity
from .dtls_path import DtlsPath
from .dtls_sdp import Address

log = logging.getLogger(__name__)

LARGEST_PACKET_BYTES = 2_048

BURST = 16
"""Datagrams taken from one socket before the next has its turn."""


class RelayLeg:
    """One leg; made by ``MediaRelay.open``.

    Args:
        identity: Ours.
        outer: Sockets towards the peer: RTP, RTCP.
        inner: Towards PJSIP.
        on_judged: Called on the relay's thread with why the peer is never heard, or ``""`` once
            there are keys.
    """

    def __init__(
        self,
        identity: Identity,
        outer: tuple[socket.socket, socket.socket],
        inner: tuple[socket.socket, socket.socket],
        on_judged: Callable[[str], None],
    ) -> None:
        self._outer, self._inner, self._on_judged = outer, inner, on_judged
        self._is_muxed = False
        self._told: str | None = None
        self.rtp, self.rtcp = (
            DtlsPath(
                identity,
                is_rtcp=bool(at),
                to_peer=partial(self._send, outer[at]),
                to_pjsip=lambda data, is_rtcp: self._send(inner[is_rtcp], data),
            )
            for at in (0, 1)
        )
        ports = (outer[0].getsockname()[1], outer[1].getsockname()[1])
        self.ports = RelayPorts(ports, inner[0].getsockname(), inner[1].getsockname())

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """All of them."""
        return *self._outer, *self._inner

    def connect(self, rtp: Address, rtcp: Address) -> None:
        """Take nothing from inside but what PJSIP sends from these addresses; any thread."""
        for each, address in zip(self._inner, (rtp, rtcp), strict=True):
            each.connect(address)

    def guard(self, handles: Sequence[int]) -> None:
        """Have PJSIP's sockets take nothing from anybody but the relay; PJSIP thread.

        Args:
            handles: Of RTP and RTCP.
        """
        for handle, address in zip(handles, (self.ports.rtp, self.ports.rtcp), strict=False):
            with socket.socket(fileno=os.dup(handle)) as theirs:
                theirs.connect(address)

    @property
    def source(self) -> str:
        """Where RTP comes from, taken or not; ``""``: from nowhere yet."""
        return _written(self.rtp.source)

    @property
    def target(self) -> str:
        """Where the peer said it is."""
        return _written(self.rtp.described)

    # The relay's thread.

    def agree(self, agreed: Agreed) -> None:
        """Go by what offer and answer say."""
        self._is_muxed = agreed.is_muxed
        now = monotonic()
        self.rtp.agree(agreed, now=now)
        if not agreed.is_muxed:
            self.rtcp.agree(agreed, now=now)
        self._look()

    def receive(self, handle: socket.socket) -> None:
        """Move what waits at one socket."""
        is_rtcp = handle in (self._outer[1], self._inner[1])
        for _ in range(BURST):
            try:
                data, source = handle.recvfrom(LARGEST_PACKET_BYTES)
            except BlockingIOError:
                break
            except OSError:  # an ICMP error of something sent before: the peer's port is closed
                continue
            if handle in self._outer:
                path = self.rtcp if is_rtcp else self.rtp
                path.from_peer(data, source, now=monotonic())
            else:
                path = self.rtcp if is_rtcp and not self._is_muxed else self.rtp
                path.from_pjsip(data, is_rtcp=is_rtcp)
        self._look()

    def deadline(self) -> float | None:
        """Return when :meth:`expire` is due."""
        return earliest((self.rtp.deadline(), self.rtcp.deadline()))

    def expire(self, now: float) -> None:
        """Do what is due."""
        for path in (self.rtp, self.rtcp):
            due = path.deadline()
            if due is not None and now >= due:
                path.expire(now=now)
        self._look()

    def _look(self) -> None:
        # Reports that cannot be had harm nobody; a peer without keys for sound is never heard.
        verdict = "" if self.rtp.has_keys else self.rtp.failure or None
        if verdict is not None and verdict != self._told:
            self._told = verdict
            self._on_judged(verdict)

    def _send(self, handle: socket.socket, data: bytes, address: Address | None = None) -> None:
        try:
            if address is None:
                handle.send(data)
            else:
                handle.sendto(data, address)
        except OSError as error:  # no route, a full queue, or nobody there yet: as lost on the way
            log.debug("! a datagram was not sent: %s", error)


def _written(address: Address | None) -> str:
    return f"{address[0]}:{address[1]}" if address is not None else ""
