"""A STUN server that tells everybody the same address (RFC 5389)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address

COOKIE = 0x2112A442


def response(transaction: bytes, host: str, port: int, *, is_xored: bool = True) -> bytes:
    """Return a binding response."""
    mask = COOKIE if is_xored else 0
    address = struct.pack("!BBHI", 0, 1, port ^ mask >> 16, int(IPv4Address(host)) ^ mask)
    attribute = struct.pack("!HH", 0x0020 if is_xored else 0x0001, len(address)) + address
    return struct.pack("!HHI12s", 0x0101, len(attribute), COOKIE, transaction) + attribute


class _Server(asyncio.DatagramProtocol):
    def __init__(self, host: str) -> None:
        self._host = host
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.sendto(response(data[8:20], self._host, addr[1]), addr)


@asynccontextmanager
async def stun_server(host: str) -> AsyncIterator[str]:
    """Serve ``host``; yield where."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: _Server(host), local_addr=("127.0.0.1", 0)
    )
    server.transport = transport
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()
