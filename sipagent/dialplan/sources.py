"""``match.source``: the networks that a call may come from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

_Network: TypeAlias = IPv4Network | IPv6Network
_Address: TypeAlias = IPv4Address | IPv6Address


def _network_text(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError('must be a network or address, such as "203.0.113.0/24"') from None


Network = Annotated[str, AfterValidator(_network_text)]


def is_address(text: str) -> bool:
    """Tell whether ``text`` is what a call may come from."""
    return _address(text) is not None


def network_with(networks: Sequence[str], address: str) -> str:
    """Return the narrowest of the networks that has the address, ``""`` if none has."""
    parsed = _address(address)
    if parsed is None:
        return ""
    having = [each for each in networks if parsed in _network(each)]
    return max(having, key=lambda each: _network(each).prefixlen, default="")


def narrowness(networks: Sequence[str]) -> int:
    """Return how narrow the narrowest of the networks is; 0 if there are none."""
    return max((_network(each).prefixlen + 1 for each in networks), default=0)


def covers_networks(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """Tell whether each of ``narrow`` lies in one of ``wide``; none of them is all addresses."""
    if not wide:
        return True
    return bool(narrow) and all(any(_lies_in(each, other) for other in wide) for each in narrow)


def _lies_in(narrow: str, wide: str) -> bool:
    inner, outer = _network(narrow), _network(wide)
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network:
    return ip_network(text)


@lru_cache(maxsize=256)
def _address(text: str) -> _Address | None:
    """Return the address, as IPv4 where it is one in IPv6's clothes; None if it is none."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
