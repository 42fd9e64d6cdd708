"""SIP messages as a capture, read back."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from sipagent.ops.flight.pcap import sip_pcap
from sipagent.ops.flight.record import Sip

INVITE = "INVITE sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n"


def packets(capture: bytes) -> list[tuple[float, bytes]]:
    """Return time and content of each packet."""
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", capture[:24])
    assert (magic, link) == (0xA1B23C4D, 101)
    found, rest = [], capture[24:]
    while rest:
        seconds, nanoseconds, length, original = struct.unpack("<IIII", rest[:16])
        assert length == original
        found.append((seconds + nanoseconds / 1e9, rest[16 : 16 + length]))
        rest = rest[16 + length :]
    return found


def sums_up(data: bytes) -> bool:
    """Tell whether a checksum over ``data``, itself included, is right (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return bool(total == 0xFFFF)


def test_a_message_is_a_datagram_between_its_peers_at_its_time() -> None:
    sent = Sip(1.25, "out", "192.0.2.9:5080", INVITE)
    ((at, packet),) = packets(sip_pcap([sent], "198.51.100.1:5060", 1_700_000_000.5))
    assert at == pytest.approx(1_700_000_001.75)
    assert packet[9] == 17 and sums_up(packet[:20])
    assert ipaddress.ip_address(packet[12:16]) == ipaddress.ip_address("198.51.100.1")
    assert ipaddress.ip_address(packet[16:20]) == ipaddress.ip_address("192.0.2.9")
    assert struct.unpack(">HHH", packet[20:26]) == (5060, 5080, 8 + len(INVITE))
    assert packet[28:].decode() == INVITE


def test_what_came_has_its_addresses_the_other_way_round() -> None:
    came = Sip(0.0, "in", "192.0.2.9:5080", INVITE)
    ((_, packet),) = packets(sip_pcap([came], "198.51.100.1:5060", 0.0))
    assert struct.unpack(">HH", packet[20:24]) == (5080, 5060)


def test_ipv6_has_its_checksum() -> None:
    came = Sip(0.0, "in", "[2001:db8::1]:5080", INVITE)
    ((_, packet),) = packets(sip_pcap([came], "[2001:db8::2]:5060", 0.0))
    assert packet[0] >> 4 == 6
    pseudo = packet[8:40] + struct.pack(">II", len(packet) - 40, 17) + packet[40:]
    assert sums_up(pseudo)


@pytest.mark.parametrize("peer", ["", "nobody", "host.example:5060", "192.0.2.1:99999", "[::1]:x"])
def test_a_peer_that_is_no_address_breaks_nothing(peer: str) -> None:
    capture = sip_pcap([Sip(0.0, "in", peer, "text \udcff")], "127.0.0.1:5060", 0.0)
    assert len(packets(capture)) == 1
