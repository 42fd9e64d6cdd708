"""Sockets of this process that listen, found among PJSIP's, and made deaf for a while.

A deaf one drops what comes to it, so that an honest peer tries again by itself, a second later;
who is connected notices nothing (``SO_ATTACH_FILTER``, socket(7)).
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Collection
from pathlib import Path

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
"""Of Linux (``asm-generic/socket.h``), which Python does not name."""

_DROP_ALL = (ctypes.c_uint64 * 1)(0x06)
"""One instruction of classic BPF: return 0 bytes of the packet (code 0x06, k 0)."""

_CONNECTED = ("01", "08")
"""ESTABLISHED, and CLOSE_WAIT if the peer has closed already, in ``/proc/net/tcp``."""


class _Program(ctypes.Structure):
    """``struct sock_fprog`` of Linux."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def deafen(each: socket.socket) -> None:
    """Drop whatever comes to a socket that listens."""
    program = _Program(1, ctypes.addressof(_DROP_ALL))
    each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(program))


def hear(each: socket.socket) -> None:
    """Take what comes again."""
    each.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def listening(ports: Collection[int]) -> dict[int, socket.socket]:
    """Return second handles of this process's TCP sockets that listen on ``ports``, by number."""
    found: dict[int, socket.socket] = {}
    for number, each in tcp_sockets():
        if _listens(each) and each.getsockname()[1] in ports:
            found[number] = each
        else:
            each.close()
    return found


def accepted(port: int) -> dict[int, tuple[str, int]]:
    """Return the peers of this process's sockets that were accepted on ``port``, by number."""
    found: dict[int, tuple[str, int]] = {}
    for number, each in tcp_sockets():
        with each:
            if each.getsockname()[1] != port or _listens(each):
                continue
            try:
                found[number] = each.getpeername()[:2]
            except OSError:
                found[number] = ("", 0)  # its peer is gone
    return found


def not_accepted(port: int) -> set[str]:
    """Return the addresses of those who wait at ``port``: connected, of no process (proc(5))."""
    found: set[str] = set()
    for line in Path("/proc/self/net/tcp").read_text("ascii").splitlines()[1:]:
        _, local, remote, state, _, _, _, _, _, inode, *_ = line.split()
        if state in _CONNECTED and inode == "0" and int(local.rpartition(":")[2], 16) == port:
            address = int(remote.rpartition(":")[0], 16).to_bytes(4, sys.byteorder)
            found.add(socket.inet_ntoa(address))
    return found


def tcp_sockets() -> list[tuple[int, socket.socket]]:
    """Return second handles of this process's TCP sockets, each with its number."""
    found: list[tuple[int, socket.socket]] = []
    numbers = [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if entry.is_socket()]
    for number in numbers:  # all known before the first handle, which may get one's number
        try:
            each = socket.socket(fileno=os.dup(number))
        except OSError:
            continue  # another thread has closed it
        if each.type == socket.SOCK_STREAM and each.family in (socket.AF_INET, socket.AF_INET6):
            found.append((number, each))
        else:
            each.close()
    return found


def _listens(each: socket.socket) -> bool:
    return bool(each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
