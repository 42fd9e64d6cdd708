"""Legs of one relay face each other, or a peer among strangers, over real sockets."""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sipagent.sip.dtls_dialog import Agreed, Role
from sipagent.sip.dtls_handshake import Handshake, Identity
from sipagent.sip.dtls_leg import RelayLeg
from sipagent.sip.dtls_relay import MediaRelay
from tests.open_files import open_files
from tests.ports import rtp_ports

RTP = struct.pack("!BBHII", 0x80, 0, 1, 160, 0x5EED) + bytes(160)
RTCP = struct.pack("!BBHI", 0x80, 201, 1, 0x5EED)
HELLO = b"\x16\xfe\xfd" + bytes(60)
"""What looks like a handshake."""
PORTS = rtp_ports("relay")


@contextmanager
def relay() -> Iterator[MediaRelay]:
    """Yield one that leaves no thread and no socket behind."""
    before = open_files()
    made = MediaRelay("127.0.0.1", PORTS)
    try:
        yield made
    finally:
        made.close()
    assert "media relay" not in {thread.name for thread in threading.enumerate()}
    assert open_files() <= before


def pjsip() -> socket.socket:
    """Return a socket that stands in for one of PJSIP's."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(5.0)
    return made


def test_rtp_and_rtcp_go_through_each_by_keys_of_its_own() -> None:
    told: queue.Queue[str] = queue.Queue()
    with (
        relay() as each,
        pjsip() as rtp,
        pjsip() as rtcp,
        pjsip() as far_rtp,
        pjsip() as far_rtcp,
    ):
        near, far = each.open(told.put), each.open(told.put)
        near.connect(rtp.getsockname(), rtcp.getsockname())
        far.connect(far_rtp.getsockname(), far_rtcp.getsockname())
        function, _, digest = each.identity.fingerprint.partition(" ")
        sides: list[tuple[RelayLeg, RelayLeg, Role]] = [
            (far, near, "server"),
            (near, far, "client"),
        ]
        for side, other, role in sides:
            to = [("127.0.0.1", port) for port in other.ports.outer]
            each.agree(side, Agreed("dtls", role, ((function, digest),), to[0], to[1], False, 1))
        assert {told.get(timeout=5), told.get(timeout=5)} == {""}
        rtp.sendto(RTP, near.ports.rtp)
        assert far_rtp.recv(2_048) == RTP
        far_rtp.sendto(RTP, far.ports.rtp)
        assert rtp.recv(2_048) == RTP
        while True:  # its own handshake may not be done yet
            rtcp.sendto(RTCP, near.ports.rtcp)
            far_rtcp.settimeout(0.1)
            try:
                assert far_rtcp.recv(2_048) == RTCP
                break
            except TimeoutError:
                continue
        resting = each.end(near)
        with pytest.raises(OSError, match="in use"), socket.socket(type=socket.SOCK_DGRAM) as late:
            late.bind(("127.0.0.1", near.ports.outer[0]))
        for handle in resting:
            os.close(handle)


def test_the_described_peer_has_the_handshake_whoever_else_speaks_first() -> None:
    told: queue.Queue[str] = queue.Queue()
    identity = Identity()
    with relay() as each, pjsip() as peer, pjsip() as stranger:
        leg, theirs = each.open(told.put), Handshake(identity, "server")
        to = ("127.0.0.1", leg.ports.outer[0])
        for _ in range(5):
            stranger.sendto(HELLO, to)
        at, digest = peer.getsockname(), identity.fingerprint.partition(" ")
        each.agree(leg, Agreed("dtls", "client", ((digest[0], digest[2]),), at, at, True, 1))
        while not theirs.is_done:
            data = peer.recv(2_048)
            for _ in range(5):
                stranger.sendto(HELLO, to)
            for answer in theirs.receive(data):
                peer.sendto(answer, to)
        assert told.get(timeout=5) == ""


def test_a_range_without_a_free_pair_is_named() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1] & ~1
        each = MediaRelay("127.0.0.1", (port, port + 1))
        with pytest.raises(OSError, match=f"no free pair of ports from {port}"):
            each.open(lambda why: None)
        each.close()
