"""A telephone written by hand, which tells what requests it got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.telephony.datagrams import SDP

COPIED = ("via:", "from:", "call-id:", "cseq:")


class Handset(asyncio.DatagramProtocol):
    """Answers every call, agrees to everything else."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.invite = ""
        self.uri = ""
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Note where it is."""
        self._transport = transport
        self.uri = f"sip:x@127.0.0.1:{transport.get_extra_info('sockname')[1]}"

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Note the request and answer it."""
        head = data.decode().partition("\r\n\r\n")[0].split("\r\n")
        method = head[0].partition(" ")[0]
        if method not in self.requests[-1:]:  # else it is sent again
            self.requests.append(method)
        if method == "ACK":
            return
        if method == "INVITE":
            self.invite = data.decode()
        to = next(line for line in head if line.lower().startswith("to:"))
        lines = [line for line in head if line.lower().startswith(COPIED)]
        lines.append(to if ";tag=" in to else f"{to};tag=1")
        lines.append(f"Contact: <{self.uri}>")
        body = SDP if method == "INVITE" else ""
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join(["SIP/2.0 200 OK", *lines, f"Content-Length: {len(body)}", "", body])
        assert self._transport is not None
        self._transport.sendto(text.encode(), address)


@asynccontextmanager
async def handset() -> AsyncIterator[Handset]:
    """Have one until the end of the block."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(Handset, local_addr=("127.0.0.1", 0))
    try:
        yield phone
    finally:
        transport.close()
