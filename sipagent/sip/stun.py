"""What STUN says: a binding request, and the address in its response (RFC 5389). Pure.

PJSUA has a STUN client, but asks for the address of each call's sockets while everything else
waits, for seconds if the server is gone. A machine that is to be called has a translator in front
that keeps port numbers, or nobody would reach its SIP: only its address may be unknown.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS = 0x0001, 0x0101
_MAPPED, _XOR_MAPPED = 0x0001, 0x0020
_IPV4 = 0x01

DEFAULT_PORT = 3478
TRANSACTION_BYTES = 12


def binding_request(transaction: bytes) -> bytes:
    """Return a request; ``transaction`` is 12 random bytes."""
    return _HEADER.pack(_REQUEST, 0, _COOKIE, transaction)


def mapped_address(data: bytes, transaction: bytes) -> tuple[str, int] | None:
    """Return host and port that a response names, None if it is none to ``transaction``."""
    if len(data) < _HEADER.size:
        return None
    kind, length, _, echoed = _HEADER.unpack_from(data)
    if kind != _SUCCESS or echoed != transaction:
        return None
    attributes = _attributes(data[_HEADER.size : _HEADER.size + length])
    if _XOR_MAPPED in attributes:
        return _address(attributes[_XOR_MAPPED], _COOKIE)
    return _address(attributes.get(_MAPPED, b""), 0)  # servers of RFC 3489 know no other


def server_address(text: str) -> tuple[str, int]:
    """Split ``host`` or ``host:port``.

    Raises:
        ValueError: If the port is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, DEFAULT_PORT
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError("must be a host, or host:port")
    return host, int(port)


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(data) >= _ATTRIBUTE.size:
        kind, length = _ATTRIBUTE.unpack_from(data)
        found.setdefault(kind, data[_ATTRIBUTE.size : _ATTRIBUTE.size + length])
        data = data[_ATTRIBUTE.size + length + -length % 4 :]  # padded to four bytes
    return found


def _address(value: bytes, mask: int) -> tuple[str, int] | None:
    if len(value) < 8 or value[1] != _IPV4:
        return None
    port, address = struct.unpack_from("!HI", value, 2)
    return str(IPv4Address(address ^ mask)), port ^ mask >> 16
