"""Keeps the PJSIP thread from waiting for name servers.

PJSIP looks names up with getaddrinfo where it finds no better way: the host in ``c=`` of an offer,
or whom a call over TCP goes to. A silent name server then stops every call of the process, 10 s
for each name, and any stranger can name some. The resolver of the C library has a state for each
thread, which a program may change (resolver(3)): this thread's gets no name server, so that names
are those of the file of hosts alone, at once. What is to be found is found by :mod:`.locator`.
"""

from __future__ import annotations

import ctypes
import logging
from typing import ClassVar

log = logging.getLogger(__name__)


class _State(ctypes.Structure):
    """The beginning of ``struct __res_state`` (``resolv.h`` of glibc)."""

    _fields_: ClassVar = [
        ("retrans", ctypes.c_int),
        ("retry", ctypes.c_int),
        ("options", ctypes.c_ulong),
        ("nscount", ctypes.c_int),
    ]


def ask_no_name_server() -> None:
    """Have getaddrinfo ask nobody, on this thread."""
    library = ctypes.CDLL(None)
    try:
        state, initialise = library.__res_state, library.__res_init
    except AttributeError:  # not glibc
        log.warning("! a silent name server may stop calls: this is not glibc")
        return
    state.restype = ctypes.POINTER(_State)
    initialise()
    state().contents.nscount = 0
