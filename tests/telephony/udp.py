"""A UDP socket for media that is emptied whenever it is looked at.

The loop's own datagram transport reads one datagram a turn: after a stall of the machine, a SIP
message was then seen before the media that came long before it, on another socket. When a datagram
came is the kernel's word (socket(7), ``SO_TIMESTAMPNS``), not when the loop had time for it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable

Address = tuple[str, int]

_SO_TIMESTAMPNS = 35
"""Not named by the ``socket`` module; the same for option and message (asm-generic/socket.h)."""
_TIMESPEC = struct.Struct("@qq")
_LARGEST = 65_536


class UdpEnd:
    """One socket on a free port.

    Args:
        on_packet: Called with each datagram, where it came from, and when it came in seconds of
            the loop's clock.
        host: Where it is.
    """

    def __init__(
        self, on_packet: Callable[[bytes, Address, float], None], host: str = "127.0.0.1"
    ) -> None:
        self._on_packet, self._host = on_packet, host
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket
        self.port = 0

    def open(self) -> None:
        """Bind and listen."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.bind((self._host, 0))
        self.port = self._socket.getsockname()[1]
        self._loop.add_reader(self._socket, self._read)

    def close(self) -> None:
        """Give the port back."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def send(self, data: bytes, to: Address) -> None:
        """Send a datagram as it is."""
        self._socket.sendto(data, to)

    def _read(self) -> None:
        while True:
            try:
                data, said, _, address = self._socket.recvmsg(_LARGEST, 64)
            except BlockingIOError:
                return
            self._on_packet(data, address, self._loop.time() - _age_s(said[0][2]))


def _age_s(stamp: bytes) -> float:
    seconds: int
    nanoseconds: int
    seconds, nanoseconds = _TIMESPEC.unpack(stamp)
    return time.clock_gettime(time.CLOCK_REALTIME) - seconds - nanoseconds / 1e9
