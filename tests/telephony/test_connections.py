"""More sockets than PJSIP bears are asked for, all at once: it ends beyond 64 of a kind."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, suppress

from sipagent.errors import SipError
from sipagent.sip.trunks import MAX_TRUNKS

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import Switchboard, becomes, switchboard, told
from .kamailio import account, free_port

FLOOD = 150


def connect(port: int) -> socket.socket:
    """Open a connection, or try to."""
    connection = socket.socket()
    connection.settimeout(0.05)
    try:
        connection.connect(("127.0.0.1", port))
    except OSError:
        pass
    return connection


async def test_a_flood_of_connections_is_outlived() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:

        def flood() -> None:
            for _ in range(FLOOD):
                connect(board.endpoint.port).close()

        await asyncio.to_thread(flood)
        peer.send(peer.request("OPTIONS", "after"))
        assert (await peer.response()).startswith("SIP/2.0 200 ")


async def test_connections_that_say_nothing_or_half_a_request_give_way_to_new_ones() -> None:
    async with switchboard() as board:
        port = board.endpoint.port

        def hold(stack: ExitStack) -> None:
            for number in range(FLOOD):
                each = stack.enter_context(connect(port))
                with suppress(OSError):  # not let in yet
                    each.sendall(OPTIONS[: len(OPTIONS) // 2 * (number % 2)].encode())

        with ExitStack() as stack:
            await asyncio.to_thread(hold, stack)

            async def answered() -> bool:
                try:
                    async with asyncio.timeout(1.5):
                        reader, writer = await asyncio.open_connection("127.0.0.1", port)
                        try:
                            writer.write(OPTIONS.encode())
                            return (await reader.read(100)).startswith(b"SIP/2.0 200 ")
                        finally:
                            writer.close()
                except (TimeoutError, OSError):
                    return False

            await becomes(answered, True)


async def test_everything_at_once_is_outlived() -> None:
    offer = sdp() + "m=audio 10002 RTP/AVP 0\r\n" * 3
    dead = free_port()
    trunks = [account(dead, name=f"t{n}", registrar=closed(dead, n)) for n in range(MAX_TRUNKS)]
    async with (
        switchboard(
            trunks=trunks, unknown_callers="accept", invites_per_source_per_s=1_000
        ) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        port = board.endpoint.port

        def connections() -> None:
            for _ in range(FLOOD):
                connect(port).close()

        async def dial(number: int) -> None:
            try:
                leg = await board.endpoint.dial(f"{closed(dead, number)}")
            except SipError:
                return
            await told(leg, "Disconnected")

        async def invites() -> None:
            for number in range(FLOOD):
                caller = Dialog(peer, f"c{number}")
                caller.send("INVITE", offer)
                await asyncio.sleep(0.005)
                reject_all(board)

        dials = (dial(number) for number in range(30))
        await asyncio.gather(asyncio.to_thread(connections), invites(), *dials)
        peer.send(peer.request("OPTIONS", "after"))
        while "Call-ID: after\r\n" not in (answer := await peer.response()):
            pass
        assert answer.startswith("SIP/2.0 200 ")

        async def calls() -> int:
            reject_all(board)
            return board.endpoint.calls_in_use

        await becomes(calls, 0)


def reject_all(board: Switchboard) -> None:
    """Refuse every call that waits."""
    while not board.incoming.empty():
        board.incoming.get_nowait().reject(480)


def closed(port: int, number: int) -> str:
    """Return one of many URIs where nobody is connected to."""
    return f"sip:127.0.0.{2 + number}:{port};transport=tcp"


OPTIONS = (
    "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKc1;rport\r\n"
    "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
