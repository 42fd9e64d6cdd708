"""A SIP caller by hand, over UDP: INVITE, ACK, BYE (RFC 3261), an offer of PCMU (RFC 3264).

As little as a benchmark needs, and none of it shared with what is measured.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from .rtp import Address

T1_S = 0.5
"""First retransmission (RFC 3261 section 17.1.1.1)."""


class CallRefused(Exception):
    """The INVITE was not answered with 200."""


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message, read as far as needed."""

    start: str
    headers: dict[str, str]
    """By lower-case name; only the first of several."""
    body: str

    @property
    def status(self) -> int:
        """Status of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0


def parse(data: bytes) -> Message:
    """Read a datagram."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Message(start, headers, body)


class UserAgent(asyncio.DatagramProtocol):
    """One call's signalling.

    Args:
        target: Where the callee listens.
        user: Whom to call.
    """

    def __init__(self, target: Address, user: str = "bench") -> None:
        self._target = target
        self._callee = f"sip:{user}@{target[0]}:{target[1]}"
        self._remote = self._callee
        self._call_id, self._tag = secrets.token_hex(8), secrets.token_hex(4)
        self._to = f"<{self._callee}>"
        self._sequence = 0
        self._responses: asyncio.Queue[Message] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None
        self._ack: bytes | None = None
        self.ended = asyncio.Event()
        """Set when either side hung up."""
        self.refreshed = 0
        """UPDATEs of the callee (RFC 4028 section 7.4)."""

    async def open(self) -> None:
        """Bind a free port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )

    def close(self) -> None:
        """Give the port back."""
        if self._transport is not None:
            self._transport.close()

    async def options(self) -> int:
        """Return the status that OPTIONS is answered with."""
        return (await self._ask("OPTIONS", self._request("OPTIONS"))).status

    async def invite(self, rtp_port: int, *, headers: Sequence[str] = ()) -> Address:
        """Call, or once there is a call, offer the same again; return where RTP is wanted.

        Args:
            rtp_port: Ours.
            headers: More lines of the INVITE.

        Raises:
            CallRefused: If it is not answered; the text has the status line.
        """
        offer = (
            "v=0\r\no=bench 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
            "a=sendrecv\r\n"
        )
        self._ack = None  # what comes now is no retransmission
        answer = await self._ask("INVITE", self._request("INVITE", headers, offer))
        self._to = answer.headers.get("to", self._to)
        if contact := re.search(r"sips?:[^>;\s]+", answer.headers.get("contact", "")):
            self._remote = contact[0] if answer.status == 200 else self._remote
        self._ack = self._request("ACK")
        self._send(self._ack)
        if answer.status != 200:
            raise CallRefused(answer.start)
        media = re.search(r"^m=audio (\d+) ", answer.body, re.MULTILINE)
        address = re.search(r"^c=IN IP4 (\S+)", answer.body, re.MULTILINE)
        if media is None or address is None:
            raise CallRefused("the answer has no audio")
        return address[1], int(media[1])

    async def bye(self) -> None:
        """Hang up, unless that was done."""
        if not self.ended.is_set():
            self.ended.set()
            await self._ask("BYE", self._request("BYE"))

    def datagram_received(self, data: bytes, _: Address) -> None:
        """Take a message."""
        message = parse(data)
        if not message.status:
            self._answer(message)
        elif message.status >= 200 and message.headers["cseq"].endswith("INVITE") and self._ack:
            self._send(self._ack)  # a retransmitted 200 missed ours
        else:
            self._responses.put_nowait(message)

    def error_received(self, _: Exception) -> None:
        """Nobody listens there yet; the retransmission will tell."""

    async def _ask(self, method: str, request: bytes) -> Message:
        self._send(request)
        wait_s, is_provisional = T1_S, False
        while True:
            try:
                async with asyncio.timeout(wait_s):
                    response = await self._responses.get()
            except TimeoutError:
                wait_s = min(2 * wait_s, 4.0)
                if not is_provisional:
                    self._send(request)
                continue
            if response.headers.get("cseq", "").split() != [str(self._sequence), method]:
                continue
            if response.status >= 200:
                return response
            is_provisional = True

    def _request(self, method: str, headers: Sequence[str] = (), body: str = "") -> bytes:
        assert self._transport is not None
        if method != "ACK":
            self._sequence += 1
        port = self._transport.get_extra_info("sockname")[1]
        lines = (
            f"{method} {self._remote} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:caller@127.0.0.1:{port}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:caller@127.0.0.1:{port}>",
            *headers,
            *(("Content-Type: application/sdp",) if body else ()),
            f"Content-Length: {len(body)}",
        )
        return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()

    def _answer(self, request: Message) -> None:
        method = request.start.split()[0]
        if method == "ACK":
            return
        if method == "BYE":
            self.ended.set()
        self.refreshed += method == "UPDATE"
        status = "200 OK" if method in {"BYE", "OPTIONS", "UPDATE"} else "501 Not Implemented"
        names = ("Via", "From", "To", "Call-ID", "CSeq", "Session-Expires")
        copied = [
            f"{name}: {value}" for name in names if (value := request.headers.get(name.lower()))
        ]
        if method == "UPDATE":
            assert self._transport is not None
            port = self._transport.get_extra_info("sockname")[1]
            copied += [f"Contact: <sip:caller@127.0.0.1:{port}>", "Require: timer"]
        lines = [f"SIP/2.0 {status}", *copied, "Content-Length: 0"]
        self._send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self._target)
