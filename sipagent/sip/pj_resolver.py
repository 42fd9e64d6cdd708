"""How PJSIP asks a resolver of ours where to send something, and how it is answered.

``pjsip_ext_resolver`` of ``pjsip/sip_resolve.h``, PJSIP 2.15; later ones have a name more in each
address, so PJSIP is asked once itself, for an address, and its answer shows how it wants ours.
Everything here runs on the PJSIP thread.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar, TypeAlias

from sipagent.errors import SipError

from .locating import MOST_SERVERS, Server, Target, Transport
from .pj_pool import pool
from .pjlib import declared

UNRESOLVED = 70_018
"""PJ_ERESOLVE, which ends a transaction with 502."""

_TYPES: dict[int, Transport] = {1: "udp", 2: "tcp", 3: "tls"}
"""``pjsip_transport_type_e``; 128 more is the same over IPv6."""
_NUMBERS = {name: number for number, name in _TYPES.items()}
_IPV6_FLAG, _SECURE_FLAG = 128, 2

_PROBE = Server("127.0.0.2", 0x1234, "udp")

Answer: TypeAlias = Callable[[Sequence[Server]], None]
"""Gives PJSIP servers, best first; none: there are none. To be called once."""


class _HostInfo(ctypes.Structure):
    _fields_: ClassVar = [
        ("flag", ctypes.c_uint),
        ("type", ctypes.c_int),
        ("host", ctypes.c_void_p),
        ("host_length", ctypes.c_ssize_t),
        ("port", ctypes.c_int),
    ]


class _Record(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("priority", ctypes.c_uint),
        ("weight", ctypes.c_uint),
        ("address", ctypes.c_uint8 * 28),
        ("address_length", ctypes.c_int),
    ]


class _NamedRecord(ctypes.Structure):
    _fields_: ClassVar = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_ssize_t),
        *_Record._fields_,
    ]


class _Addresses(ctypes.Structure):
    _fields_: ClassVar = [("count", ctypes.c_uint), ("entry", _Record * MOST_SERVERS)]


class _NamedAddresses(ctypes.Structure):
    _fields_: ClassVar = [("count", ctypes.c_uint), ("entry", _NamedRecord * MOST_SERVERS)]


_Callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_Resolve = ctypes.CFUNCTYPE(
    *(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_HostInfo)),
    *(ctypes.c_void_p, ctypes.c_void_p),
)


class _Resolver(ctypes.Structure):
    _fields_: ClassVar = [("resolve", _Resolve)]


class PjResolver:
    """Stand for PJSIP's own resolver; must be kept until PJSIP is destroyed.

    Args:
        ask: Called with each target; never raises.

    Raises:
        SipError: If this build of PJSIP asks in another way.
    """

    def __init__(self, ask: Callable[[Target, Answer], None]) -> None:
        self._ask = ask
        pjsip = _pjsip()
        endpoint = pjsip.pjsua_get_pjsip_endpt()
        self._addresses = _layout(pjsip, endpoint)
        self._resolver = _Resolver(_Resolve(self._resolve))
        pjsip.pjsip_endpt_set_ext_resolver(endpoint, ctypes.byref(self._resolver))

    def _resolve(self, _: int, __: int, wanted: Any, token: int, callback: int) -> None:
        self._ask(_target(wanted.contents), lambda servers: self._answer(callback, token, servers))

    def _answer(self, callback: int, token: int, servers: Sequence[Server]) -> None:
        """Call PJSIP back, which copies what it is shown."""
        if not servers:
            _Callback(callback)(UNRESOLVED, token, None)
            return
        shown = self._addresses(count=len(servers))
        for entry, server in zip(shown.entry, servers, strict=False):
            is_ipv6 = ":" in server.address
            entry.type = _NUMBERS[server.transport] | (_IPV6_FLAG if is_ipv6 else 0)
            packed = _packed(server)
            entry.address[: len(packed)] = packed
            entry.address_length = len(packed)
        _Callback(callback)(0, token, ctypes.addressof(shown))


def _layout(pjsip: Any, endpoint: int) -> type[_Addresses] | type[_NamedAddresses]:
    """Return the structure that this PJSIP answers itself with."""
    found: list[type[_Addresses] | type[_NamedAddresses]] = []

    def look(_: int, __: int, answer: int) -> None:
        for layout in (_Addresses, _NamedAddresses):
            first = layout.from_address(answer).entry[0]
            if bytes(first.address).startswith(_packed(_PROBE)[:8]):
                found.append(layout)

    host = ctypes.create_string_buffer(_PROBE.address.encode())
    length = len(_PROBE.address)
    wanted = _HostInfo(0, _NUMBERS["udp"], ctypes.addressof(host), length, _PROBE.port)
    with pool(b"resolver", 1024, 1024) as memory:
        pjsip.pjsip_endpt_resolve(endpoint, memory, ctypes.byref(wanted), None, _Callback(look))
    if len(found) != 1:
        raise SipError("this build of PJSIP takes addresses in another form")
    return found[0]


def _target(wanted: _HostInfo) -> Target:
    host = ctypes.string_at(wanted.host, wanted.host_length).decode(errors="replace")
    transport = _TYPES.get(wanted.type & ~_IPV6_FLAG)
    return Target(host, wanted.port, transport, is_secure=bool(wanted.flag & _SECURE_FLAG))


def _packed(server: Server) -> bytes:
    """Return ``sockaddr_in`` or ``sockaddr_in6``."""
    port = server.port.to_bytes(2, "big")
    if ":" in server.address:
        head = struct.pack("=H", socket.AF_INET6) + port + bytes(4)
        return head + socket.inet_pton(socket.AF_INET6, server.address) + bytes(4)
    head = struct.pack("=H", socket.AF_INET) + port
    return head + socket.inet_pton(socket.AF_INET, server.address) + bytes(8)


@cache
def _pjsip() -> Any:
    pointer = ctypes.c_void_p
    return declared(
        "finds servers",
        {
            "pjsua_get_pjsip_endpt": (pointer, []),
            "pjsip_endpt_resolve": (None, [pointer, pointer, pointer, pointer, _Callback]),
            "pjsip_endpt_set_ext_resolver": (ctypes.c_int, [pointer, pointer]),
        },
    )
