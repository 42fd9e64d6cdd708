"""Ask STUN servers for our public address, all of them at once, for a short while.

| resource | acquired         | released         | on failure                       |
|----------|------------------|------------------|----------------------------------|
| socket   | ``ask_servers``  | ``ask_servers``  | each server that failed is named |
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence

from sipagent.errors import SipStartError, why_not_listening

from .settings import SipSettings
from .stun import TRANSACTION_BYTES, binding_request, mapped_address, server_address

log = logging.getLogger(__name__)

LIMIT_S = 2.0
"""How long the start waits for an answer."""

ASK_AGAIN_S = 0.5
"""RFC 5389 section 7.2.1: requests get lost."""


async def ask_servers(servers: Sequence[str], bind: str, limit_s: float = LIMIT_S) -> str:
    """Return our address as the first server that answers sees it; empty if none does.

    Args:
        servers: ``host`` or ``host:port``.
        bind: Address to ask from.
        limit_s: How long to wait.

    Raises:
        OSError: If ``bind`` is no address of ours.
    """
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(
        lambda: _Asking(loop), local_addr=(bind, 0)
    )
    try:
        async with asyncio.timeout(limit_s):
            tasks = [
                loop.create_task(asking.ask(each, transport), name=f"STUN {each}")
                for each in servers
            ]
            try:
                address, port = await asking.answer
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    except TimeoutError:
        log.warning("! no STUN server answers: %s", ", ".join(servers))
        return ""
    finally:
        transport.close()
    if port != transport.get_extra_info("sockname")[1]:
        log.warning("! the address translator changes ports: map those of SIP and RTP as they are")
    log.info("= public address %s, says STUN", address)
    return address


async def with_public_address(settings: SipSettings) -> SipSettings:
    """Return the settings with the public address, if servers are to be asked for it.

    Raises:
        SipStartError: If the address to ask from is not ours.
    """
    servers, bind = settings.nat.stun_servers, settings.bind
    if settings.public_address or not servers:
        return settings
    try:
        found = await ask_servers(servers, bind)
    except OSError as error:
        why = why_not_listening(error)
        raise SipStartError(f"SIP cannot listen on {bind}: {why}") from None
    return settings.model_copy(update={"public_address": found})


class _Asking(asyncio.DatagramProtocol):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transaction = os.urandom(TRANSACTION_BYTES)
        self.answer: asyncio.Future[tuple[str, int]] = loop.create_future()

    def datagram_received(self, data: bytes, _: object) -> None:
        mapped = mapped_address(data, self._transaction)
        if mapped is not None and not self.answer.done():
            self.answer.set_result(mapped)

    async def ask(self, server: str, transport: asyncio.DatagramTransport) -> None:
        """Ask one server until cancelled."""
        host, port = server_address(server)
        try:
            found = await self._loop.getaddrinfo(
                host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except OSError as error:
            log.warning("! STUN server %s: %s", server, error.strerror)
            return
        while True:
            transport.sendto(binding_request(self._transaction), found[0][4])
            await asyncio.sleep(ASK_AGAIN_S)
