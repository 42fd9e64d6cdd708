"""A bare RTP end on a UDP socket: keeps every packet that arrives, sends what it is given.

RTP header RFC 3550 section 5.1; telephone events RFC 4733 section 2.3.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sipagent.audio.frames import Pcm

from .udp import Address, UdpEnd

_HEADER = struct.Struct("!BBHII")
_SSRC = 0x5EED
TELEPHONE_EVENT = 101
PACKET_S = 0.02
LATE_S = 2 * PACKET_S
"""A sender that is later than this stays late: a phone's clock does not make up for stalls of a
machine, and a jitter buffer would throw away much of what came at once."""
SAMPLES_PER_PACKET = 160


@dataclass(frozen=True, slots=True)
class Packet:
    """One received RTP packet."""

    payload_type: int
    sequence: int
    timestamp: int
    payload: bytes
    at: float
    """Monotonic seconds of arrival."""
    source: Address


@dataclass(frozen=True, slots=True)
class Event:
    """One packet of a telephone event; ``!`` is a flash."""

    digit: str
    duration: int
    """In samples, as sent."""
    is_end: bool = False
    after: int = 0
    """Samples between the first packet's timestamp and this one's."""
    place: int | None = None
    """Of its sequence number after the first one's; None: as sent."""


class RtpPeer:
    """The media of a caller.

    Args:
        first_sequence: Sequence number of the first packet sent.
        first_timestamp: Its timestamp.
        host: Where it is.
    """

    def __init__(
        self, *, first_sequence: int = 0, first_timestamp: int = 0, host: str = "127.0.0.1"
    ) -> None:
        self.packets: list[Packet] = []
        self.sent = 0
        self._end = UdpEnd(self.received, host)
        self._sequence, self._timestamp = first_sequence, first_timestamp
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> RtpPeer:
        self._end.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._end.port

    def received(self, data: bytes, source: Address, at: float) -> None:
        """Keep a packet that came ``at`` some time."""
        _, marker_and_type, sequence, timestamp, _ = _HEADER.unpack_from(data)
        kind = marker_and_type & 0x7F
        self.packets.append(Packet(kind, sequence, timestamp, data[12:], at, source))
        self._arrived.set()

    def report(self, to: Address, *, lost: int, highest: int) -> None:
        """Send a receiver's report (RFC 3550 section 6.4.2) to the port after that of ``to``.

        Args:
            to: Where media goes.
            lost: Packets, in all.
            highest: Sequence number received.
        """
        head = struct.pack("!BBHI", 0x81, 201, 7, _SSRC)
        block = struct.pack("!IIIIII", 0, lost, highest, 0, 0, 0)
        self._end.send(head + block, (to[0], to[1] + 1))

    def send_back(self, packet: bytes, to: Address) -> None:
        """Send a packet as it is."""
        self._end.send(packet, to)

    async def until(self, count: int) -> list[Packet]:
        """Wait until ``count`` packets came; return them all."""
        while len(self.packets) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.packets

    async def destination(self) -> Address:
        """Wait for a first packet; return where it came from."""
        return (await self.until(1))[0].source

    async def send(self, payloads: Iterator[bytes], to: Address, *, payload_type: int = 0) -> None:
        """Send one packet of audio every 20 ms."""
        due = self._loop.time()
        for payload in payloads:
            self._send(payload, payload_type, to)
            self._timestamp += SAMPLES_PER_PACKET
            due = max(due + PACKET_S, self._loop.time() - LATE_S)
            await asyncio.sleep(due - self._loop.time())

    def skip_packet(self) -> None:
        """Lose a packet of 20 ms on the way."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp += SAMPLES_PER_PACKET

    async def press(self, digit: str, to: Address) -> None:
        """Send one key as telephone events: start, three updates, three ends."""
        code = "0123456789*#ABCD".index(digit)
        started = self._timestamp
        for step in range(7):
            is_end = step >= 4
            duration = min(step + 1, 5) * SAMPLES_PER_PACKET
            event = struct.pack("!BBH", code, 0x80 * is_end | 10, duration)
            self._send(event, TELEPHONE_EVENT, to, timestamp=started, marker=step == 0)
            await asyncio.sleep(PACKET_S)
        self._timestamp = started + 8 * SAMPLES_PER_PACKET

    async def send_events(
        self,
        events: Sequence[Event],
        to: Address,
        *,
        payload_type: int = TELEPHONE_EVENT,
        audio: bytes = b"",
    ) -> None:
        """Send telephone events as they are given, none with a marker, one every 20 ms.

        Args:
            events: In order.
            to: The other end.
            payload_type: As negotiated.
            audio: A packet that follows each event; empty: none.
        """
        first = self._sequence
        for event in events:
            code = "0123456789*#ABCD!".index(event.digit)
            payload = struct.pack("!BBH", code, 0x80 * event.is_end | 10, event.duration)
            if event.place is not None:
                self._sequence = (first + event.place) & 0xFFFF
            self._send(payload, payload_type, to, timestamp=self._timestamp + event.after)
            if audio:
                self._send(audio, 0, to, timestamp=self._timestamp + event.duration)
            await asyncio.sleep(PACKET_S)
        self._timestamp += 80_000

    def _send(
        self,
        payload: bytes,
        payload_type: int,
        to: Address,
        *,
        timestamp: int | None = None,
        marker: bool = False,
    ) -> None:
        at = (self._timestamp if timestamp is None else timestamp) & 0xFFFFFFFF
        header = _HEADER.pack(0x80, 0x80 * marker | payload_type, self._sequence, at, _SSRC)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent += 1
        self._end.send(header + payload, to)


def heard(packets: list[Packet], decode: Callable[[bytes], Pcm]) -> Pcm:
    """Return the audio of ``packets``, in order of arrival."""
    return np.concatenate([decode(packet.payload) for packet in packets])
