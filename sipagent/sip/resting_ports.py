"""RTP ports rest after a call, so that its last packets do not become the next call's first sound.

PJSUA takes port after port of the range and begins again at its end, each account on its own: with
few ports, or with two trunks, one that has just been closed may be the next. The socket of a call
is therefore kept open here for a while: nobody else can have its port, and what still comes to it
is heard by nobody. Runs on the PJSIP thread.

| resource          | acquired          | released                                | on failure    |
|-------------------|-------------------|-----------------------------------------|---------------|
| handles of socket | ``media_sockets`` | ``rest_s`` after the call, or ``close`` | nothing rests |

The structure follows ``pjmedia/transport.h`` of PJSIP 2.15.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from .pjlib import native

MOST_RESTING = 64
"""PJSUA gives up after 100 busy ports in a row; this many calls' may rest at once."""


class RestingPorts:
    """Keep sockets for ``rest_s``, at most those of ``most`` calls: the oldest go first.

    Args:
        rest_s: 0: none rests.
        most: Calls; what the range of ports can do without.
    """

    def __init__(self, rest_s: float, most: int) -> None:
        self._rest_s, self._most = rest_s, min(most, MOST_RESTING)
        self._resting: deque[tuple[float, tuple[int, ...]]] = deque()

    def __len__(self) -> int:
        """Return of how many calls there are sockets."""
        return len(self._resting)

    def rest(self, sockets: Sequence[int], *, now: float) -> None:
        """Take over the second handles of a call that is over at ``now``, monotonic seconds."""
        if sockets:
            self._resting.append((now + self._rest_s, tuple(sockets)))
        while len(self._resting) > self._most:
            self._close_oldest()
        self.release(now=now)

    def release(self, *, now: float) -> None:
        """Let go of what has rested."""
        while self._resting and self._resting[0][0] <= now:
            self._close_oldest()

    def close(self) -> None:
        """Let go of all of them."""
        while self._resting:
            self._close_oldest()

    def _close_oldest(self) -> None:
        for handle in self._resting.popleft()[1]:
            os.close(handle)


class _SocketInfo(ctypes.Structure):
    """``pjmedia_sock_info``, and room for the rest of ``pjmedia_transport_info``."""

    _fields_: ClassVar = [
        ("rtp_socket", ctypes.c_long),
        ("rtp_address", ctypes.c_uint8 * 28),
        ("rtcp_socket", ctypes.c_long),
        ("rtcp_address", ctypes.c_uint8 * 28),
        ("more", ctypes.c_uint8 * 8192),
    ]


def media_sockets(pj_call_id: int, media_index: int) -> tuple[int, ...]:
    """Return second handles of a call's sockets, RTP's first, to be closed by the caller."""
    info = _SocketInfo()
    status = native().pjsua_call_get_med_transport_info(pj_call_id, media_index, ctypes.byref(info))
    if status != 0:
        return ()
    sockets = dict.fromkeys((info.rtp_socket, info.rtcp_socket))  # one and the same with rtcp-mux
    return tuple(os.dup(handle) for handle in sockets if handle >= 0)
