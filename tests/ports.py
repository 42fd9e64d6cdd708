"""RTP ports of tests: no two processes of a run have one in common.

Whoever has a call begins with the first port of a range. With one range for all, a process was
heard by, and counted packets of, peers that another one's tests had not ended yet. All are below
those that Linux gives to sockets that want any (``ip_local_port_range``).
"""

from __future__ import annotations

import os
from itertools import cycle
from typing import Literal, TypeAlias

FIRST, PER_PROCESS, SLOT = 10_400, 5_500, 100
PROCESSES = 4
"""Of one run of all tests; more would share."""

Whose: TypeAlias = Literal[
    "switchboard", "far end", "another far end", "third far end", "softphone", "engine", "relay"
]

_SLOTS: dict[Whose, tuple[int, int]] = {
    "switchboard": (0, 8),
    "far end": (8, 4),
    "another far end": (12, 4),
    "third far end": (16, 4),
    "softphone": (20, 4),
    "engine": (24, 4),
    "relay": (28, 1),
}
"""Which is the first, and how many there are."""

_NEXT_APPLIANCE = cycle(range(30, 54, 2))
"""Each has two."""


def rtp_ports(whose: Whose) -> tuple[int, int]:
    """Return the first and the last port of this process' own range."""
    return _range(*_SLOTS[whose])


def appliance_ports() -> tuple[int, int]:
    """Return the range of another appliance of this process."""
    return _range(next(_NEXT_APPLIANCE), 2)


def _range(slot: int, slots: int) -> tuple[int, int]:
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES
    first = FIRST + process * PER_PROCESS + slot * SLOT
    return first, first + slots * SLOT - 1
