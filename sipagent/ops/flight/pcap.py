"""SIP messages as a capture file that Wireshark and sngrep read. Pure.

The classic format of libpcap, raw IP (LINKTYPE_RAW). Messages are written as UDP datagrams
whatever carried them: what was seen is messages, not segments of TCP or TLS. Checksums of UDP are
left out, as IPv4 allows (RFC 768); IPv6 needs them (RFC 8200 section 8.1).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

from .record import Sip

MAGIC_NANOSECONDS = 0xA1B23C4D
LINKTYPE_RAW = 101
SNAPLEN = 65_535
MAX_PAYLOAD = 65_000
UDP = 17

Address = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]

NOWHERE = ipaddress.IPv4Address("0.0.0.0")


def sip_pcap(messages: Iterable[Sip], local: str, began_at: float) -> bytes:
    """Return a capture of ``messages``.

    Args:
        messages: Their times count from ``began_at``.
        local: ``address:port`` of ours.
        began_at: Unix seconds.
    """
    header = struct.pack("<IHHiIII", MAGIC_NANOSECONDS, 2, 4, 0, 0, SNAPLEN, LINKTYPE_RAW)
    return header + b"".join(_packet(each, local, began_at) for each in messages)


def _packet(message: Sip, local: str, began_at: float) -> bytes:
    ours, theirs = _address(local), _address(message.peer)
    if ours[0].version != theirs[0].version:
        ours = (theirs[0].__class__(0), ours[1])
    came_from, went_to = (theirs, ours) if message.direction == "in" else (ours, theirs)
    payload = message.text.encode("utf-8", "surrogateescape")[:MAX_PAYLOAD]
    data = _datagram(came_from, went_to, payload)
    at_ns = round((began_at + message.at) * 1e9)
    seconds, nanoseconds = divmod(at_ns, 10**9)
    return struct.pack("<IIII", seconds, nanoseconds, len(data), len(data)) + data


def _datagram(came_from: Address, went_to: Address, payload: bytes) -> bytes:
    length = 8 + len(payload)
    source, target = came_from[0].packed, went_to[0].packed
    ports = struct.pack(">HHH", came_from[1], went_to[1], length)
    if came_from[0].version == 4:
        start = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, UDP, 0)
        checksum = _checksum(start + source + target)
        return (
            start[:10] + struct.pack(">H", checksum) + source + target + ports + b"\0\0" + payload
        )
    pseudo = source + target + struct.pack(">II", length, UDP) + ports + b"\0\0" + payload
    start = struct.pack(">IHBB", 0x60000000, length, UDP, 64)
    checksum = _checksum(pseudo) or 0xFFFF
    return start + source + target + ports + struct.pack(">H", checksum) + payload


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = NOWHERE
    return address, int(port) if port.isdecimal() and int(port) < 65_536 else 0
