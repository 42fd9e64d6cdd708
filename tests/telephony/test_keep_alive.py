"""What keeps the way to a registrar open (``sip.nat.keep_alive_s``), and ends it, as it sees it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from .certificates import Authority, needs_openssl
from .datagrams import SipSocket
from .harness import switchboard
from .kamailio import account

EXPIRES = "Expires: 300"


async def test_a_registration_over_udp_is_kept_open() -> None:
    loop = asyncio.get_running_loop()
    async with SipSocket(0) as registrar:
        trunk = account(registrar.port)
        async with switchboard(trunks=[trunk], nat={"keep_alive_s": 1}) as board:
            register = await registrar.received.get()
            registered_at = loop.time()
            registrar.reply(register, "200 OK", headers=(contact(register), EXPIRES))
            await board.trunk_is("registered")
            while await registrar.received.get() != "\r\n":
                pass  # the REGISTER again
            board.endpoint.drain(1)
            count = 1
            while "Expires: 0" not in (leaving := await registrar.received.get()):
                count += 1
            assert count <= loop.time() - registered_at + 0.5  # one a second, and no more
            registrar.reply(leaving, "200 OK")
            await board.trunk_is("unregistered")


async def test_a_registration_still_under_way_is_taken_back_once_it_is_answered() -> None:
    async with SipSocket(0) as registrar, switchboard(trunks=[account(registrar.port)]) as board:
        register = await registrar.received.get()
        board.endpoint.drain(1)
        await board.endpoint.inventory()  # runs after that
        registrar.reply(register, "200 OK", headers=(contact(register), EXPIRES))
        while "Expires: 0" not in (leaving := await registrar.received.get()):
            pass
        registrar.reply(leaving, "200 OK")
        await board.trunk_is("unregistered")


@needs_openssl
@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_connection_to_a_registrar_is_kept_open(transport: str, tmp_path: Path) -> None:
    ours = Authority(tmp_path).issue("ours")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(ours.certificate, ours.key)
    kept: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        register = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(accepted(register).encode())
        kept.put_nowait(await reader.readexactly(4))
        writer.close()

    encrypted = context if transport == "tls" else None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=encrypted)
    port = server.sockets[0].getsockname()[1]
    settings: dict[str, Any] = {
        "transports": [transport],
        "tls": {"certificate": ours.certificate, "key": ours.key, "port": 0}
        | {"ca": str(tmp_path / "root.pem")},
        "trunks": [account(port, registrar=f"sip:127.0.0.1:{port};transport={transport}")],
        "nat": {"keep_alive_s": 1},
    }
    async with server, switchboard(**settings) as board:
        await board.trunk_is("registered")
        assert await kept.get() == b"\r\n\r\n"
        await board.trunk_is("failed")


def contact(register: str) -> str:
    """Return the Contact of a REGISTER."""
    return next(line for line in register.split("\r\n") if line.startswith("Contact: "))


def accepted(register: str) -> str:
    """Return the 200 to a REGISTER."""
    copied = ("Via:", "From:", "Call-ID:", "CSeq:", "Contact:")
    lines = [line for line in register.split("\r\n") if line.startswith(copied)]
    to = next(line for line in register.split("\r\n") if line.startswith("To:"))
    head = ("SIP/2.0 200 OK", *lines, f"{to};tag=1", EXPIRES, "Content-Length: 0")
    return "\r\n".join(head) + "\r\n\r\n"
