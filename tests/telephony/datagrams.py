"""A SIP peer that writes its messages by hand, for what no well-behaved agent would send."""

from __future__ import annotations

import asyncio
from typing import Self

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 10000 RTP/AVP 0\r\n"
)

COPIED = ("via:", "from:", "to:", "call-id:", "cseq:", "record-route:")


class SipSocket(asyncio.DatagramProtocol):
    """A UDP socket that speaks raw SIP to one port.

    Args:
        target_port: On 127.0.0.1.
        host: Where it speaks from.
    """

    def __init__(self, target_port: int, host: str = "127.0.0.1") -> None:
        self._host = host
        self._target = ("127.0.0.1", target_port)
        self._transport: asyncio.DatagramTransport | None = None
        self.received: asyncio.Queue[str] = asyncio.Queue()
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Keep a message."""
        self.received.put_nowait(data.decode())

    def send(self, data: bytes) -> None:
        """Send ``data`` as it is."""
        assert self._transport is not None
        self._transport.sendto(data, self._target)

    def reply(
        self, request: str, status: str, *, headers: tuple[str, ...] = (), body: str = ""
    ) -> None:
        """Answer ``request``, from where the endpoint is, with ``status`` and its reason."""
        assert self._transport is not None
        head = request.partition("\r\n\r\n")[0].split("\r\n")
        copied = [line for line in head if line.lower().startswith(COPIED)]
        to = next(line for line in copied if line.lower().startswith("to:"))
        copied.append(copied.pop(copied.index(to)) + ("" if ";tag=" in to else ";tag=2"))
        if body:
            copied += [f"Contact: <sip:bob@127.0.0.1:{self.port}>", "Content-Type: application/sdp"]
        lines = (f"SIP/2.0 {status}", *copied, *headers, f"Content-Length: {len(body)}", "", body)
        text = "\r\n".join(lines)
        via = next(line for line in head if line.lower().startswith("via:"))
        port = int(via.partition(";")[0].rpartition(":")[2])
        self._transport.sendto(text.encode(), ("127.0.0.1", port))

    async def agrees_to(self, method: str, body: str = "") -> None:
        """Answer the next request of ``method``, and the INVITE that a CANCEL gives up."""
        while not (request := await self.received.get()).startswith(method):
            pass
        self.reply(request, "200 OK", body=body)
        if method == "CANCEL":
            self.reply(request.replace("CANCEL", "INVITE"), "487 Request Terminated")

    async def response(self) -> str:
        """Wait for a final response; provisional ones are dropped."""
        while (text := await self.received.get()).startswith("SIP/2.0 1"):
            pass
        return text

    def request(
        self,
        method: str,
        call_id: str,
        *,
        body: str = "",
        headers: tuple[str, ...] = (),
        tag: str = "",
        cseq: int = 1,
        user: str = "agent",
    ) -> bytes:
        """Return a request; without the endpoint's ``tag``, one outside any dialog."""
        branch = f"z9hG4bK{call_id}{method}{cseq}"
        lines = (
            f"{method} sip:{user}@127.0.0.1:{self._target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self.port};branch={branch};rport",
            f"From: <sip:ada@{self._host}:{self.port}>;tag=1",
            "To: <sip:agent@127.0.0.1>" + (f";tag={tag}" if tag else ""),
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:ada@{self._host}:{self.port}>",
            "Max-Forwards: 70",
            *headers,
            *(("Content-Type: application/sdp",) if body else ()),
            f"Content-Length: {len(body)}",
        )
        return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


def tag_of(response: str) -> str:
    """Return the tag the endpoint gave a dialog."""
    to = next(line for line in response.split("\r\n") if line.startswith("To:"))
    return to.partition(";tag=")[2]
