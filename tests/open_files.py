"""What this process has open, so that a test can tell that nothing of its own stayed open."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

HANDLES = Path("/proc/self/fd")


def open_files() -> Counter[str]:
    """Return what is open, by the kernel's name for it, and how often.

    Compare with ``<=``: what tests before left to the garbage collector may be closed meanwhile.
    """
    found: Counter[str] = Counter()
    for handle in HANDLES.iterdir():
        try:
            found[os.readlink(handle)] += 1  # noqa: PTH115 - a name like "socket:[4711]", no path
        except FileNotFoundError:  # that of the folder itself
            continue
    return found


def name_of(handle: int) -> str:
    """Return the kernel's name for what ``handle`` is open on."""
    return os.readlink(HANDLES / str(handle))  # noqa: PTH115
