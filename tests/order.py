"""Which files of tests come first: those that wait longest, so that none is left at the end.

A file is run by one process. Those that place calls and run programs take up to a minute, most of
it waiting; pure ones take no time. Quick ones at the end fill all processes to the last second.
"""

from __future__ import annotations

LONGEST = (
    "appliance/test_many_calls.py",
    "telephony/test_attached.py",
    "appliance/test_reload.py",
    "telephony/test_delegation.py",
)
"""Files, below this folder, that take more than half a minute."""

WAITING = ("appliance", "telephony", "peers", "loopback", "connector", "deploy", "cli", "docs")
"""Folders whose tests wait for calls and programs; the rest come after them."""


def turn(path: str) -> int:
    """Return when a file's turn is; those of one turn stay as they are.

    Args:
        path: Below this folder, with slashes.
    """
    if path in LONGEST:
        return LONGEST.index(path)
    folder = path.partition("/")[0]
    rank = WAITING.index(folder) if folder in WAITING else len(WAITING)
    return len(LONGEST) + rank
