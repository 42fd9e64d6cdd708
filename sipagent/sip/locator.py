"""PJSIP's questions where to send something, answered by :mod:`.locating` and DNS.

PJSIP's own way without name servers is getaddrinfo, which stops every call of the process while a
name server is silent; with them it knows no NAPTR, reads no file of hosts, and never forgets a
server that is dead. So it is given a resolver of ours (``pjsip_ext_resolver``). Addresses are
answered at once; names go to the loop, and the answer comes back as a command on the PJSIP thread.
What was found last counts on while no name server answers.

``open``, ``close`` and what PJSIP calls run on the PJSIP thread; the questions themselves on the
loop.

| resource          | acquired   | released                       | on failure            |
|-------------------|------------|--------------------------------|-----------------------|
| resolver of PJSIP | ``open``   | with PJSIP; keep it until then | ``SipError``          |
| task              | a name     | its answer, or ``close``       | PJSIP is told: no address |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from time import monotonic
from typing import Protocol

from .locating import (
    PORTS,
    Failures,
    Naptr,
    Server,
    Srv,
    Target,
    Transport,
    address_of,
    by_weight,
    services,
)
from .pj_resolver import Answer, PjResolver
from .socket_budget import ConnectionBudget

log = logging.getLogger(__name__)

MOST_ASKED = 32
"""Names looked for at once: peers name some, too."""
MOST_REMEMBERED = 256
LONGEST_SEARCH_S = 8.0


class Records(Protocol):
    """Whoever knows what names stand for."""

    async def naptr(self, name: str) -> list[Naptr]: ...
    async def srv(self, name: str) -> list[Srv]: ...
    async def addresses(self, name: str) -> list[str]: ...


class Locator:
    """Find the servers of names.

    Args:
        records: Where they come from; asked on the loop.
        spoken: Transports we have.
        post: Runs a command on the PJSIP thread.
        loop: Where questions are asked.
    """

    def __init__(
        self,
        records: Records,
        spoken: Collection[Transport],
        post: Callable[[Callable[[], None]], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._loop = loop
        self._records, self._spoken, self._post = records, spoken, post
        self._failures = Failures()
        self.connections = ConnectionBudget()
        """Of PJSIP, to be told how many there are; PJSIP thread."""
        self._last: dict[Target, list[Server]] = {}
        self._asked: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._is_open = False
        self._resolver: PjResolver | None = None

    def open(self) -> None:
        """Have PJSIP ask here; it is up.

        Raises:
            SipError: If this build of PJSIP asks nobody.
        """
        self._is_open = True
        self._resolver = PjResolver(self._wanted)

    def close(self) -> None:
        """Answer no more; PJSIP is about to end."""
        self._is_open = False
        with suppress(RuntimeError):  # the loop is closed: the process is ending
            self._loop.call_soon_threadsafe(self._give_up)

    def failed(self, host: str, for_s: float = 0.0) -> bool:
        """Note that what was sent to ``host`` failed; return whether another server is left."""
        return self._failures.failed(host, now=monotonic(), for_s=for_s)

    def _wanted(self, target: Target, answer: Answer) -> None:
        try:
            if (address := address_of(target.host)) is not None:
                transport = _transport(target)
                answer(self._within([Server(address, target.port or PORTS[transport], transport)]))
            elif self._waiting < MOST_ASKED:
                self._waiting += 1
                self._loop.call_soon_threadsafe(self._ask, target, answer)
            else:
                log.warning("! %s is not looked for: too many others are", target.host)
                answer(())
        except Exception:
            log.exception("! PJSIP was not told where to send something")

    # The loop.

    def _ask(self, target: Target, answer: Answer) -> None:
        name = f"locate {target.host}"
        task = self._loop.create_task(self._find(target, answer), name=name)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _find(self, target: Target, answer: Answer) -> None:
        try:
            async with asyncio.timeout(LONGEST_SEARCH_S):
                found = await self._servers(target)
            if len(self._last) >= MOST_REMEMBERED:
                self._last.clear()
            self._last[target] = found
            if not found:
                log.warning("! %s has no address", target.host)
        except Exception as error:
            found = self._last.get(target, [])
            log.warning("! %s was not found, %s: %s", target.host, _outcome(found), error)
        self._post(lambda: self._found(target, found, answer))

    async def _servers(self, target: Target) -> list[Server]:
        if target.port:
            transport = _transport(target)
            return await self._at(target.host, target.port, transport)
        asks_transport = target.transport is None and not target.is_secure
        naptr = await self._records.naptr(target.host) if asks_transport else []
        wanted = services(target, naptr, self._spoken)
        for transport, name in wanted:
            found: list[Server] = []
            for each in by_weight(await self._records.srv(name)):
                found += await self._at(each.host, each.port, transport)
            if found:
                return found
        transport = _transport(target)
        return await self._at(target.host, PORTS[transport], transport)

    async def _at(self, host: str, port: int, transport: Transport) -> list[Server]:
        known = address_of(host)
        if known is not None and ":" in known:
            return []  # our transports are IPv4
        addresses = [known] if known is not None else await self._records.addresses(host)
        return [Server(each, port, transport) for each in addresses]

    def _give_up(self) -> None:
        for task in self._asked:
            task.cancel()

    # The PJSIP thread.

    def _found(self, target: Target, found: Sequence[Server], answer: Answer) -> None:
        self._waiting -= 1
        if self._is_open:  # else PJSIP, and what it asked for, may be gone
            answer(self._within(self._failures.ordered(target, found, now=monotonic())))

    def _within(self, servers: Sequence[Server]) -> Sequence[Server]:
        """Return the one server to try, none if that needs a connection more than there may be.

        PJSIP would try one after the other, and open as many sockets at once. Who asked comes
        again, and is told the next.
        """
        for each in servers:
            name = f"{each.address}:{each.port}"
            if each.transport == "udp" or self.connections.admits(name, now=monotonic()):
                return [each]
            log.warning("! %s is not connected to: too many others are", name)
            break
        return ()


def _outcome(found: Sequence[Server]) -> str:
    return "it is where it was" if found else "and never was"


def _transport(target: Target) -> Transport:
    return target.transport or ("tls" if target.is_secure else "udp")
