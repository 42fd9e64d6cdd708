"""Where SIP listens: UDP and TCP on one port, TLS on another. On the PJSIP thread.

TLS of peers that call us and of those we call is the same transport: one certificate, one list of
roots. Nothing older than TLS 1.2 is spoken.
"""

from __future__ import annotations

import ctypes
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sipagent.errors import SipStartError, why_not_listening

from .pjlib import native, pj
from .security import TlsSettings
from .settings import SipSettings

log = logging.getLogger(__name__)

FREE_PORT_ATTEMPTS = 10
"""How often to look for a port that is free for every transport, when any will do."""

HANDSHAKE_LIMIT_MS = 10_000
"""How long a peer may take to agree on a connection; PJSIP itself would wait for ever."""

DEFAULT_KEEP_ALIVE_S = 90
"""PJSIP_TCP_KEEP_ALIVE_INTERVAL and PJSIP_TLS_KEEP_ALIVE_INTERVAL."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Ports that are open."""

    port: int
    """UDP and TCP; that of TLS if there is no other."""
    tls_port: int
    """0: no TLS."""


def listen(endpoint: Any, settings: SipSettings) -> Listening:
    """Open every transport.

    Raises:
        pj.Error: If a port is busy or an address is not ours; some may be open then.
        SipStartError: If that is so of TLS, of which PJSIP says nothing.
    """
    plain = [name for name in ("udp", "tcp") if name in settings.transports]
    port = _listen_plain(endpoint, settings, plain) if plain else 0
    tls_port = 0
    if "tls" in settings.transports:
        _claim(settings.bind, settings.tls.port)
        config = _config(settings, settings.tls.port)
        config.tlsConfig = _tls(settings.tls)
        tls_port = _port_of(endpoint, endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, config))
    return Listening(port or tls_port, tls_port)


def keep_alive(every_s: int) -> None:
    """Have silent TCP and TLS connections kept open (RFC 5626 section 3.5.1); before they open.

    Args:
        every_s: How often two line breaks are sent; 0: never.
    """
    numbers = _keep_alive_numbers()
    if numbers is None:
        log.warning("! this PJSIP keeps TCP and TLS connections alive as it likes")
    else:
        numbers[0] = numbers[1] = every_s


@cache
def _keep_alive_numbers() -> ctypes.Array[ctypes.c_long] | None:
    """Return the intervals of TCP and TLS in ``pjsip_cfg_t``, which pjsua2 does not have.

    They are two longs side by side near its end (``pjsip/sip_config.h``), found by their default.
    """
    start = ctypes.addressof(ctypes.c_char.in_dll(native(), "pjsip_sip_cfg_var"))
    for place in range(8, 16):
        numbers = (ctypes.c_long * 2).from_address(start + place * ctypes.sizeof(ctypes.c_long))
        if list(numbers) == [DEFAULT_KEEP_ALIVE_S] * 2:
            return numbers
    return None


def _listen_plain(endpoint: Any, settings: SipSettings, names: Sequence[str]) -> int:
    """Open UDP, TCP or both on one port; return it."""
    attempts = 1 if settings.port else FREE_PORT_ATTEMPTS
    for _ in range(attempts - 1):
        try:
            return _open_plain(endpoint, settings, names)
        except pj.Error:  # free for UDP is not free for TCP
            for transport in endpoint.transportEnum():
                endpoint.transportClose(transport)
    return _open_plain(endpoint, settings, names)


def _open_plain(endpoint: Any, settings: SipSettings, names: Sequence[str]) -> int:
    port = settings.port
    kinds = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP}
    for name in names:  # UDP first: it picks a free port
        transport = endpoint.transportCreate(kinds[name], _config(settings, port))
        port = port or _port_of(endpoint, transport)
    return port


def _config(settings: SipSettings, port: int) -> Any:
    config = pj.TransportConfig()
    config.port = port
    config.boundAddress = settings.bind
    config.publicAddress = settings.public_address
    return config


def _port_of(endpoint: Any, transport: int) -> int:
    info = endpoint.transportGetInfo(transport)
    return int(str(info.localName).rpartition(":")[2])


def _claim(host: str, port: int) -> None:
    """Look whether the port of TLS can be had: PJSIP goes on without listening if not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = f"SIP cannot listen on {host}:{port}: {why_not_listening(error)}"
            raise SipStartError(why) from None


def _tls(settings: TlsSettings) -> Any:
    config = pj.TlsConfig()
    config.certFile, config.privKeyFile = settings.certificate, settings.key
    config.CaListFile = settings.ca
    config.verifyServer = settings.verify_server
    config.verifyClient = config.requireClientCert = settings.verify_client
    config.msecTimeout = HANDSHAKE_LIMIT_MS
    config.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3
    return config
