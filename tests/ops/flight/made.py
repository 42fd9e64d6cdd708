"""A flight record of the call in which everything happened."""

from __future__ import annotations

from sipagent.ops.call_stream import plain
from sipagent.ops.flight.record import Flight, Noted, Sip
from tests.ops.script import CALL

INVITE = "INVITE sip:a@b SIP/2.0\r\nCall-ID: sip-1\r\nFrom: <sip:x@y>\r\n\r\nv=0\r\n"


def flight() -> Flight:
    """Return one."""
    noted = tuple(
        Noted(index / 10, type(fact).__name__, plain(fact)) for index, fact in enumerate(CALL)
    )
    sip = (
        Sip(0.0, "in", "192.0.2.1:5060", INVITE),
        Sip(0.2, "out", "192.0.2.1:5060", "SIP/2.0 200 OK\r\nCall-ID: sip-1\r\n\r\n"),
    )
    return Flight("c0ffee", 1_700_000_000.0, "192.0.2.7:5060", "failed", noted, sip)
