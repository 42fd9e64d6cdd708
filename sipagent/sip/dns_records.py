"""What names stand for: the file of hosts, then DNS. On the loop; nothing waits but its caller.

| resource        | acquired   | released          | on failure                      |
|-----------------|------------|-------------------|---------------------------------|
| socket          | a question | with its answer   | ``NoNameServer`` after LIMIT_S  |
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from .locating import Naptr, Srv, nameserver_address

LIMIT_S = 3.0
"""How long one question may take, all name servers together."""
TRY_S = 1.0
"""How long each of them may take, before the next is asked."""
MOST_KEPT = 512
"""Answers kept, each as long as it says itself, and no longer than LONGEST_KEPT_S."""
LONGEST_KEPT_S = 86_400
"""A forged or mistaken answer may say 68 years (RFC 8767 section 4)."""

HOSTS = Path("/etc/hosts")
LOCALHOST = "127.0.0.1"
"""What ``localhost`` is wherever nothing else says so (RFC 6761 section 6.3)."""


class NoNameServer(Exception):
    """None of them has answered in time, or there is none."""


class _Cache(dns.resolver.LRUCache):
    def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
        value.expiration -= max(0, value.chaining_result.minimum_ttl - LONGEST_KEPT_S)
        super().put(key, value)


class DnsRecords:
    """Ask name servers.

    Args:
        nameservers: ``address`` or ``address:port``; none: those of ``/etc/resolv.conf``.
    """

    def __init__(self, nameservers: Sequence[str] = ()) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        if nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(*nameserver_address(each)) for each in nameservers
            ]
        self._resolver.timeout, self._resolver.lifetime = TRY_S, LIMIT_S
        self._resolver.cache = _Cache(MOST_KEPT)

    async def naptr(self, name: str) -> list[Naptr]:
        """Return the NAPTR records of a name.

        Raises:
            NoNameServer: If nobody answers; so do the others.
        """
        return [
            Naptr(
                each.order,
                each.preference,
                each.flags.decode(errors="replace"),
                each.service.decode(errors="replace"),
                each.replacement.to_text(omit_final_dot=True),
            )
            for each in await self._ask(name, "NAPTR")
        ]

    async def srv(self, name: str) -> list[Srv]:
        """Return the SRV records of a name; a target of ``.`` means that there is no service."""
        return [
            Srv(each.priority, each.weight, each.port, each.target.to_text(omit_final_dot=True))
            for each in await self._ask(name, "SRV")
            if each.target.to_text() != "."
        ]

    async def addresses(self, name: str) -> list[str]:
        """Return the IPv4 addresses of a name."""
        if known := await asyncio.to_thread(in_hosts, name, HOSTS):
            return known
        if name.lower().rstrip(".") == "localhost":
            return [LOCALHOST]
        return [each.address for each in await self._ask(name, "A")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return []
        except dns.exception.Timeout:
            raise NoNameServer("no name server answers") from None
        except dns.exception.DNSException as error:
            raise NoNameServer(f"{kind} of {name[:80]}: {str(error)[:80]}") from None
        return list(answer.rrset or ())


def in_hosts(name: str, file: Path) -> list[str]:
    """Return the IPv4 addresses that ``file``, as in hosts(5), has for ``name``."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return []
    wanted, found = name.lower().rstrip("."), []
    for line in lines:
        words = line.partition("#")[0].lower().split()
        if wanted in words[1:] and _is_ipv4(words[0]):
            found.append(words[0])
    return found


def _is_ipv4(text: str) -> bool:
    try:
        return isinstance(ipaddress.ip_address(text), ipaddress.IPv4Address)
    except ValueError:
        return False
