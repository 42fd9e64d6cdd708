"""Connections of strangers: many, fast, and silent. PJSIP bears 64 sockets, and ends beyond."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

from .datagrams import SipSocket
from .harness import becomes, switchboard

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


async def test_silent_connections_give_way_to_new_ones() -> None:
    async with switchboard() as board:
        port = board.endpoint.port

        def hold(stack: ExitStack) -> None:
            for _ in range(FLOOD):
                stack.enter_context(connect(port))

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


OPTIONS = (
    "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKc1;rport\r\n"
    "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
