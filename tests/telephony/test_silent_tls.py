"""Peers that connect to the port of TLS, and then say nothing of TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from sipagent.sip.door_sockets import accepted

from .certificates import Authority, needs_openssl
from .harness import switchboard, until
from .test_connections import OPTIONS

pytestmark = needs_openssl

HELD = 100
"""More than PJSIP has places."""


async def test_who_holds_silent_connections_keeps_nobody_out_and_ends_nothing(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=authority.ca)
    async with box(authority) as port:
        with ExitStack() as held:
            await asyncio.to_thread(hold, held, port)
            async with asyncio.timeout(10):  # the kernel may have us try again, seconds later
                for _ in range(3):
                    assert await answer(port, trusting) == b"SIP/2.0 200 OK\r\n"


async def test_an_endpoint_that_closes_leaves_no_silent_connection(tmp_path: Path) -> None:
    ours = Authority(tmp_path).issue("ours")
    tls = {"certificate": ours.certificate, "key": ours.key, "port": 0}
    with socket.socket() as peer:
        async with switchboard(transports=["tls"], tls=tls) as board:
            port = board.endpoint.tls_port
            peer.connect(("127.0.0.1", port))
            await until(lambda: bool(accepted(port)))


def hold(held: ExitStack, port: int) -> None:
    """Open connections from an address of their own, or try to; half of them say a little."""
    for number in range(HELD):
        each = held.enter_context(socket.socket())
        each.bind(("127.0.0.2", 0))
        each.settimeout(0.015)
        try:
            each.connect(("127.0.0.1", port))
            each.sendall(b"\x16" * (number % 2))
        except OSError:
            pass


async def answer(port: int, trusting: ssl.SSLContext) -> bytes:
    """Return the first line of what a well-behaved peer is told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    try:
        writer.write(OPTIONS.encode())
        return await reader.readline()
    finally:
        writer.close()


@asynccontextmanager
async def box(authority: Authority) -> AsyncIterator[int]:
    """Run an endpoint in a process of its own; it must end by itself.

    Yields:
        Its port.
    """
    ours = authority.issue("ours")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.telephony.tls_box", ours.certificate, ours.key),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield int(await process.stdout.readline())
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
