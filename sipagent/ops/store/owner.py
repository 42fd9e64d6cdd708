"""Whose a call is: the process that has it, told apart from all others before and after it.

Boot, process id and start time together name a process once (proc(5): ``boot_id``, ``stat`` field
22), so that nobody takes a new process with an old number for the one that has died.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sipagent.ops.store_url import sqlite_file

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LOCAL = "local"
_STARTED = 22
"""Field of ``stat``: when it started, in ticks since the machine did."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that has calls."""

    box: str
    process: str
    """``BOOT.PID.TICKS``; also the name of its spool."""

    def as_values(self) -> dict[str, str]:
        """Return it by the names of its columns."""
        return {"box": self.box, "owner": self.process}


def this_process(box: str) -> Owner:
    """Return this process of ``box`` as an owner."""
    pid = os.getpid()
    return Owner(box, f"{_boot()}.{pid}.{_started(pid)}")


def box_name(box: str, url: str) -> str:
    """Return the name of this box.

    Args:
        box: As the configuration has it; ``""``: what nobody else in the store is called.
        url: Of the store. A file is one box's, also when its container has another name each time.
    """
    return box or (_LOCAL if sqlite_file(url) is not None else socket.gethostname())


def is_alive(process: str) -> bool:
    """Return whether a process that was an owner on this machine still runs."""
    boot, _, rest = process.partition(".")
    pid, _, started = rest.partition(".")
    return boot == _boot() and pid.isdigit() and started != "" and _started(int(pid)) == started


def _boot() -> str:
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return "unknown"


def _started(pid: int) -> str:
    """Return when a process started, ``""`` if there is none."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        after_name = stat.rpartition(")")[2].split()  # the name may hold anything
        return "" if after_name[0] in {"Z", "X"} else after_name[_STARTED - 3]
    return ""
