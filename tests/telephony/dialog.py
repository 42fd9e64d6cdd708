"""A caller's dialog, written by hand: offers, answers, and what no well-behaved caller would do."""

from __future__ import annotations

from sipagent.sip.call import SipCall

from .datagrams import SipSocket, tag_of
from .harness import Switchboard, told


def sdp(
    *lines: str, formats: str = "0", port: int = 10_000, host: str = "127.0.0.1", version: int = 1
) -> str:
    """Return an offer or an answer.

    Args:
        lines: Attributes of its audio, such as ``a=sendonly``.
        formats: Payload types.
        port: Where audio is wanted.
        host: The same.
        version: Of the session description (RFC 3264 section 8).
    """
    head = (
        *("v=0", f"o=ada 1 {version} IN IP4 127.0.0.1", "s=-", f"c=IN IP4 {host}", "t=0 0"),
        f"m=audio {port} RTP/AVP {formats}",
    )
    return "\r\n".join((*head, *lines, ""))


class Dialog:
    """One dialog of a caller.

    Args:
        peer: Its socket.
        call_id: SIP's.
    """

    def __init__(self, peer: SipSocket, call_id: str = "c1") -> None:
        self.peer, self.call_id = peer, call_id
        self.tag = ""
        self.cseq = 0

    def send(
        self, method: str, body: str = "", *, headers: tuple[str, ...] = (), cseq: int = 0
    ) -> None:
        """Send the next request, or one with a ``cseq`` of its own."""
        self.cseq = cseq or self.cseq + (method not in {"ACK", "CANCEL"})
        self.peer.send(
            self.peer.request(
                method, self.call_id, body=body, headers=headers, tag=self.tag, cseq=self.cseq
            )
        )

    def cancel(self) -> None:
        """Cancel the INVITE (RFC 3261 section 9.1): the same branch and sequence number."""
        invite = self.peer.request("INVITE", self.call_id, cseq=self.cseq)
        self.peer.send(invite.replace(b"INVITE sip", b"CANCEL sip").replace(b" INVITE", b" CANCEL"))

    async def response(self, method: str) -> str:
        """Wait for the final response to the last ``method``."""
        while f"CSeq: {self.cseq} {method}" not in (response := await self.peer.response()):
            pass
        self.tag = self.tag or tag_of(response)
        return response

    async def answered(self, board: Switchboard, body: str = "") -> SipCall:
        """Call, and be answered; return the endpoint's leg."""
        self.send("INVITE", body or sdp())
        leg = await board.incoming.get()
        leg.answer()
        await self.accepted()
        await told(leg, "Confirmed")
        return leg

    async def accepted(self) -> str:
        """Wait for the 200 to an INVITE and acknowledge it; return it."""
        response = await self.response("INVITE")
        assert response.startswith("SIP/2.0 200"), response
        self.send("ACK")
        return response

    async def offers(self, body: str) -> str:
        """Send a re-INVITE, return the answer."""
        self.send("INVITE", body)
        return await self.accepted()

    async def updates(self, body: str) -> str:
        """Send an UPDATE with an offer (RFC 3311), return its response."""
        self.send("UPDATE", body)
        return await self.response("UPDATE")

    async def asked(self, method: str) -> str:
        """Wait for the endpoint's next request of ``method``."""
        while not (request := await self.peer.received.get()).startswith(f"{method} "):
            pass
        return request

    async def let_go(self, leg: SipCall) -> None:
        """Have the endpoint end ``leg``, and see that it has."""
        leg.hang_up()
        await self.hung_up()
        await told(leg, "Disconnected")

    async def hung_up(self) -> str:
        """Wait for the endpoint's BYE and answer it."""
        bye = await self.asked("BYE")
        self.peer.reply(bye, "200 OK")
        return bye


def direction(text: str) -> str:
    """Return the direction of the audio of a message."""
    found = [
        line.removeprefix("a=")
        for line in text.splitlines()
        if line in {"a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"}
    ]
    return found[-1] if found else "sendrecv"
