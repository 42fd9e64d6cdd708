"""A caller's media over DTLS-SRTP on one UDP socket, and its descriptions, written by hand."""

from __future__ import annotations

import asyncio
import struct

from pylibsrtp import Session

from sipagent.sip.dtls_dialog import Role
from sipagent.sip.dtls_handshake import Handshake, Identity

from .dialog import sdp
from .udp import Address, UdpEnd

RETRY_S = 0.2
EVENT_TYPE = 120
"""PJSIP's own: so offers and answers of ours agree."""
EVENTS = f"a=rtpmap:{EVENT_TYPE} telephone-event/8000"
TONE = bytes([0xFF, 0x80] * 80)
"""20 ms of 4 kHz in PCMU, loud."""


class DtlsPeer:
    """One end; RTP and RTCP on one port.

    Args:
        role: In the handshake; a client begins it once it is told where.
        identity: Its certificate; none makes a new one.
    """

    def __init__(self, role: Role, identity: Identity | None = None) -> None:
        self.identity = identity or Identity()
        self.packets: list[bytes] = []
        self.handshakes = 0
        """How many were done."""
        self.target: Address = ("", 0)
        self._role: Role = role
        self._handshake = Handshake(self.identity, role)
        self._keys: tuple[Session, Session] | None = None
        self._end = UdpEnd(self._receive)
        self._sequence = 0
        self._changed = asyncio.Event()

    async def __aenter__(self) -> DtlsPeer:
        self._end.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._end.port

    def description(self, setup: str, *more: str, version: int = 1, **named: str) -> str:
        """Return an offer or an answer.

        Args:
            setup: Its role (RFC 4145).
            more: Attributes.
            version: Of the description.
            named: ``fingerprint`` that is not ours, ``profile`` that is not the usual one.
        """
        fingerprint = named.get("fingerprint", self.identity.fingerprint)
        lines = (f"a=fingerprint:{fingerprint}", f"a=setup:{setup}", "a=rtcp-mux", EVENTS, *more)
        text = sdp(*lines, formats=f"0 {EVENT_TYPE}", port=self.port, version=version)
        return text.replace("RTP/AVP", named.get("profile", "UDP/TLS/RTP/SAVP"))

    def goes_to(self, message: str) -> None:
        """Send to where the description of a message is; a client begins."""
        media = next(line for line in message.splitlines() if line.startswith("m=audio "))
        self.target = ("127.0.0.1", int(media.split()[1]))
        if self._role == "client":
            self._send(*self._handshake.start())

    def renew(self, role: Role) -> None:
        """Begin another association, with another certificate."""
        self.identity, self._role, self._keys = Identity(), role, None
        self._handshake = Handshake(self.identity, role)

    def _receive(self, data: bytes, source: Address, _: float) -> None:
        if 20 <= data[0] < 64:
            self.target = source
            was_done = self._handshake.is_done
            self._send(*self._handshake.receive(data))
            if self._handshake.is_done and not was_done:
                self._keys = self._handshake.sessions()
                self.handshakes += 1
        elif self._keys is not None and not 192 <= data[1] < 224:
            self.packets.append(self._keys[0].unprotect(data))
        self._changed.set()

    async def agreed(self, handshakes: int = 1) -> None:
        """Wait until so many handshakes are done; flights are sent again."""
        while self.handshakes < handshakes:
            await self._change()

    async def hears(self, more: int = 1) -> list[bytes]:
        """Wait until ``more`` packets came that its keys fit; return all."""
        count = len(self.packets) + more
        while len(self.packets) < count:
            await self._change()
        return self.packets

    def packet(self, payload: bytes = TONE, payload_type: int = 0) -> bytes:
        """Return the next packet, plain."""
        self._sequence += 1
        stamp = 160 * self._sequence
        return struct.pack("!BBHII", 0x80, payload_type, self._sequence, stamp, 0x5EED) + payload

    def press(self, key: int) -> None:
        """Send the end of a telephone event (RFC 4733)."""
        self._send(self.encrypted(self.packet(struct.pack("!BBH", key, 0x8A, 800), EVENT_TYPE)))

    async def pressed(self) -> int:
        """Wait for a telephone event; return which."""
        while not (events := [each for each in self.packets if each[1] & 0x7F == EVENT_TYPE]):
            await self._change()
        return events[0][12]

    def encrypted(self, packet: bytes) -> bytes:
        """Return a packet as it goes out."""
        assert self._keys is not None
        return self._keys[1].protect(packet)

    def send(self, *datagrams: bytes) -> None:
        """Send what is given, as it is."""
        self._send(*datagrams)

    async def speaks(self, packets: int) -> None:
        """Send a tone, paced."""
        for _ in range(packets):
            self._send(self.encrypted(self.packet()))
            await asyncio.sleep(0.02)

    async def _change(self) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(RETRY_S):
                await self._changed.wait()
        except TimeoutError:
            if self.target[1] and self._handshake.wait_s() == 0:
                self._send(*self._handshake.expire())

    def _send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self._end.send(datagram, self.target)
