"""Where a SIP URI is served: which questions to ask of DNS, and in which order to try (RFC 3263).

    address                          it is that one
    name with a port                 A of the name
    name, transport=                 SRV of that transport, else A of the name
    name alone                       NAPTR or SRV says by which transport, then as above

NAPTR of a name alone is heeded for what its domain speaks at all: UDP is taken if it is among that,
because our Contact says so where nobody has asked for another transport. SRV records of the same
priority are taken by chance, as their weights say (RFC 2782), and all of them are tried. Servers
that failed lately come last, whatever DNS says: RFC 3263 section 4.3.

Only IPv4: so are our transports. Pure: no I/O, no clock; ``now`` is monotonic seconds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import random
from typing import Literal, TypeAlias

Transport: TypeAlias = Literal["udp", "tcp", "tls"]

SERVICES: dict[str, Transport] = {"sip+d2u": "udp", "sip+d2t": "tcp", "sips+d2t": "tls"}
"""Of NAPTR records (RFC 3263 section 4.1)."""
PREFIXES: dict[Transport, str] = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
"""Of the names of SRV records (RFC 3263 section 4.2)."""
PORTS: dict[Transport, int] = {"udp": 5060, "tcp": 5060, "tls": 5061}

SERVER_FAILED = frozenset({408, 503})
"""What sends a request to the next server: no answer, or no service."""
FAILED_FOR_S = 300.0
"""How long a server that failed is tried last."""
MOST_SERVERS = 8
"""PJSIP takes no more of one name (``PJSIP_MAX_RESOLVED_ADDRESSES``)."""
MOST_FAILED = 256
MOST_RECORDS = 32
"""Of one name that are looked at, best first: an answer may have thousands."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a message is for."""

    host: str
    port: int = 0
    """0: none is named."""
    transport: Transport | None = None
    is_secure: bool = False
    """Whether nothing but TLS will do (``sips:``)."""


@dataclass(frozen=True, slots=True)
class Server:
    """One place to try."""

    address: str
    port: int
    transport: Transport


@dataclass(frozen=True, slots=True)
class Naptr:
    """What is looked at of a NAPTR record (RFC 3403 section 4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    host: str


def address_of(host: str) -> str | None:
    """Return the address that ``host`` is, or None if it is a name; a zone is none of ours."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else str(address)


def nameserver_address(text: str) -> tuple[str, int]:
    """Return address and port of ``address``, ``address:port`` or ``[address]:port``.

    Raises:
        ValueError: If it is none of these.
    """
    host, _, port = text.rpartition(":")
    if not host or (":" in host and not text.startswith("[")):
        host, port = text, "53"
    try:
        address = str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
        number = int(port)
    except ValueError:
        number = 0
    if not 0 < number < 65_536:
        raise ValueError(f'"{text}" is no name server: give its address, or address:port')
    return address, number


def services(
    target: Target, naptr: Sequence[Naptr], spoken: Collection[Transport]
) -> list[tuple[Transport, str]]:
    """Return what SRV records to ask for, best first, and which transport they are of.

    Args:
        target: Without a port.
        naptr: What its name has.
        spoken: By us.
    """
    if target.transport is not None or target.is_secure:
        transport = target.transport or "tls"
        return [(transport, PREFIXES[transport] + target.host)]
    found = [
        (SERVICES[each.service.lower()], each.replacement)
        for each in sorted(naptr, key=lambda each: (each.order, each.preference))
        if each.flags.lower() == "s" and SERVICES.get(each.service.lower()) in spoken
    ]
    if found:
        best = list(dict.fromkeys(found))[:MOST_RECORDS]
        return sorted(best, key=lambda each: each[0] != "udp")
    return [(each, PREFIXES[each] + target.host) for each in ("udp", "tcp") if each in spoken]


def by_weight(records: Sequence[Srv], chance: Callable[[], float] = random) -> list[Srv]:
    """Return the records in the order to try them (RFC 2782, "Weight")."""
    best = sorted(records, key=lambda each: (each.priority, -each.weight))[:MOST_RECORDS]
    left = sorted(best, key=lambda each: (each.priority, each.weight))
    ordered: list[Srv] = []
    while left:
        rivals = [each for each in left if each.priority == left[0].priority]
        drawn = chance() * sum(each.weight for each in rivals)
        chosen, running = rivals[-1], 0
        for each in rivals:
            running += each.weight
            if running > drawn:
                chosen = each
                break
        left.remove(chosen)
        ordered.append(chosen)
    return ordered


class Failures:
    """Which servers failed lately, and which one a name's messages went to."""

    def __init__(self) -> None:
        self._until: dict[Server, float] = {}
        self._told: dict[str, tuple[Server, ...]] = {}

    def ordered(self, target: Target, servers: Sequence[Server], *, now: float) -> list[Server]:
        """Return the servers of ``target`` in the order to try them, those that failed last."""
        self._until = {each: until for each, until in self._until.items() if until > now}
        best = sorted(dict.fromkeys(servers), key=lambda each: self._until.get(each, 0.0))
        best = best[:MOST_SERVERS]
        if len(self._told) >= MOST_FAILED:
            self._told.clear()
        self._told[target.host.lower()] = tuple(best)
        return best

    def failed(self, host: str, *, now: float, for_s: float = 0.0) -> bool:
        """Note that a message to ``host`` failed; return whether another server is left to try.

        Args:
            host: Name of it.
            now: When.
            for_s: How long it asked to be left alone (Retry-After).
        """
        told = self._told.get(host.lower(), ())
        if not told:
            return False
        if len(self._until) < MOST_FAILED:
            self._until[told[0]] = now + max(FAILED_FOR_S, for_s)
        return any(self._until.get(each, 0.0) <= now for each in told)
