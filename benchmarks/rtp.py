"""A bare RTP end on UDP sockets (RFC 3550 section 5.1): PCMU at 50 packets a second, times noted.

Arrival times are the kernel's, so that a busy benchmark does not blame the peer for its own delay.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.g711 import pcmu_to_pcm

from .marks import PACKET_SAMPLES, is_voiced

PCMU = 0
PACKET_S = 0.02
SSRC = 0x5EED

SO_TIMESTAMPNS = 35
"""Linux; Python's ``socket`` has no name for it. Its control message has the same number."""

_HEADER = struct.Struct("!BBHII")
_TIMESPEC = struct.Struct("@ll")

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """One received RTP packet."""

    sequence: int
    timestamp: int
    payload: bytes
    at: float
    """Monotonic seconds of arrival."""

    @property
    def pcm(self) -> Pcm:
        """Its audio."""
        return pcmu_to_pcm(self.payload)

    @property
    def is_voiced(self) -> bool:
        """Whether there is voice in it."""
        return is_voiced(self.pcm)


class RtpEnd:
    """A caller's media: sends what ``source`` gives, keeps what arrives.

    Args:
        source: Returns the payload of the nth packet.
        phase_s: Where in the 20 ms grid of the monotonic clock packets are sent.
        first_sequence: Sequence number of the first packet sent.
        first_timestamp: Its timestamp.
    """

    def __init__(
        self,
        source: Callable[[int], bytes],
        *,
        phase_s: float,
        first_sequence: int = 0,
        first_timestamp: int = 0,
    ) -> None:
        self.source = source
        self._first_sequence, self._first_timestamp = first_sequence, first_timestamp
        self.sent_at: list[float] = []
        """When each packet was sent, by number."""
        self.received: list[Packet] = []
        self._phase_s = phase_s
        self._rtp, self._rtcp = _port_pair()
        self.port: int = self._rtp.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._rtp, self._read)

    def close(self) -> None:
        """Give the ports back."""
        self._loop.remove_reader(self._rtp)
        self._rtp.close()
        self._rtcp.close()

    async def send(self, to: Address) -> None:
        """Send one packet every 20 ms until cancelled; one that is late is sent at once."""
        start = (self._loop.time() // PACKET_S + 2) * PACKET_S + self._phase_s
        while True:
            number = len(self.sent_at)
            payload = self.source(number)
            await asyncio.sleep(start + number * PACKET_S - self._loop.time())
            sequence = self._first_sequence + number & 0xFFFF
            timestamp = self._first_timestamp + number * PACKET_SAMPLES & 0xFFFFFFFF
            header = _HEADER.pack(0x80, PCMU, sequence, timestamp, SSRC)
            self.sent_at.append(self._loop.time())
            try:
                self._rtp.sendto(header + payload, to)
            except ConnectionRefusedError:
                pass  # the peer hung up and closed its port

    def heard(self, since: float, until: float) -> list[Packet]:
        """Return what arrived between two times, in order of arrival."""
        return [packet for packet in self.received if since <= packet.at < until]

    def _read(self) -> None:
        while True:
            try:
                data, control, _, _ = self._rtp.recvmsg(2048, 128)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            _, marker_and_type, sequence, timestamp, _ = _HEADER.unpack_from(data)
            if marker_and_type & 0x7F == PCMU:
                payload, at = data[_HEADER.size :], _arrival(control)
                self.received.append(Packet(sequence, timestamp, payload, at))


def joined(packets: list[Packet]) -> Pcm:
    """Return the audio of ``packets``."""
    return np.concatenate([silence(0), *(packet.pcm for packet in packets)])


def _arrival(control: list[tuple[int, int, bytes]]) -> float:
    now = time.monotonic()
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            age: float = time.clock_gettime(time.CLOCK_REALTIME) - seconds - nanoseconds / 1e9
            return now - max(0.0, age)
    return now


def _port_pair() -> tuple[socket.socket, socket.socket]:
    """Return sockets on an even port and the one after it (RFC 3550 section 11)."""
    while True:
        rtp, rtcp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            rtp.bind(("127.0.0.1", 0))
            port = rtp.getsockname()[1]
            if port % 2 == 0:
                rtcp.bind(("127.0.0.1", port + 1))
                rtp.setblocking(False)
                rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                return rtp, rtcp
        except OSError:
            pass  # the odd port is somebody's
        rtp.close()
        rtcp.close()
