"""The door of the HTTP server: who comes in, and for how long nothing may come of it.

aiohttp has no limit of connections, and none for how long a first request may take; what it has is
used: it closes connections that ask for nothing more. A reader that takes nothing of its answer is
cut off by the kernel (``TCP_USER_TIMEOUT``, tcp(7)).

| resource        | acquired          | released                           | on failure         |
|-----------------|-------------------|------------------------------------|--------------------|
| place           | a connection      | its end, or it gives way           | it is closed       |
| first timer     | a connection      | its first request, or its end      | it is closed       |
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Middleware

from .api_guard import error_response
from .http_places import HttpPlaces

log = logging.getLogger(__name__)

FIRST_REQUEST_S = 10.0
"""How long a connection may take until its first request is there, line and headers."""
NEXT_REQUEST_S = 75.0
"""How long it may ask for nothing more; proxies and scrapers keep theirs for a minute."""
UNREAD_S = 30.0
"""How long an answer may be taken by nobody."""
TOLD_EACH_S = 60.0
"""At most one line says that there are too many."""

STATE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is answered in spare places, too."""

ADDRESSES_OF_ONE = 64
"""Bits of an IPv6 address that are somebody's network (RFC 4291 section 2.5.4)."""


class HttpDoor:
    """Let connections in, each to a handler of its own: aiohttp's side of it."""

    def __init__(self) -> None:
        self._places = HttpPlaces()
        self._guests: dict[asyncio.Protocol, _Guest] = {}
        self._told_at: float | None = None

    def guest(self, handler: asyncio.Protocol) -> asyncio.Protocol:
        """Return what stands between a new connection and ``handler``."""
        return _Guest(self, handler)

    def middleware(self) -> Middleware:
        """Return what is told when a request begins."""

        @web.middleware
        async def begin(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            guest = self._guests.get(request.protocol)
            if guest is not None:
                guest.has_asked()
            if self._places.began(guest) and request.path not in STATE_PATHS:
                response = error_response(503, "too many connections", {"Retry-After": "5"})
                response.force_close()
                return response
            return await handler(request)

        return begin

    def ends(self) -> type[AbstractAccessLogger]:
        """Return what is told when one was answered, to its last byte."""
        door = self

        class Ends(AbstractAccessLogger):
            def log(
                self, request: web.BaseRequest, response: web.StreamResponse, time: float
            ) -> None:
                door._places.ended(door._guests.get(request.protocol))

        return Ends

    def admits(self, guest: _Guest, source: str) -> bool:
        """Tell whether ``guest`` may stay; another one may have to go for it."""
        seat = self._places.admit(guest, source)
        if seat is None or seat.is_spare or seat.gives_way is not None:
            self._tell(source)
        if seat is None:
            return False
        self._guests[guest.handler] = guest
        if seat.gives_way is not None:
            cast(_Guest, seat.gives_way).leave()
        return True

    def gone(self, guest: _Guest) -> None:
        """Forget ``guest``."""
        self._places.gone(guest)
        self._guests.pop(guest.handler, None)

    def _tell(self, source: str) -> None:
        now = asyncio.get_running_loop().time()
        if self._told_at is None or now - self._told_at >= TOLD_EACH_S:
            self._told_at = now
            log.warning("! too many HTTP connections, the last from %s: idle ones end", source)


class _Guest(asyncio.Protocol):
    """One connection: what comes is its handler's, once it has a place."""

    def __init__(self, door: HttpDoor, handler: asyncio.Protocol) -> None:
        self._door, self.handler = door, handler
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_in = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._is_in = self._door.admits(self, _source_of(transport))
        if not self._is_in:
            self._transport.abort()
            return
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
        self._timer = asyncio.get_running_loop().call_later(FIRST_REQUEST_S, self.leave)
        self.handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._is_in:
            self.handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self.handler.eof_received() if self._is_in else None

    def pause_writing(self) -> None:
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        self.handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.has_asked()
        self._door.gone(self)
        if self._is_in:
            self.handler.connection_lost(exc)

    def has_asked(self) -> None:
        """A request is there, or none will come any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def leave(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()


def _source_of(transport: asyncio.BaseTransport) -> str:
    """Return whose connection it is."""
    peer = transport.get_extra_info("peername")
    if not peer:  # it is gone already
        return ""
    try:
        address = ipaddress.ip_address(peer[0].partition("%")[0])
    except ValueError:
        return str(peer[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, ADDRESSES_OF_ONE), strict=False))
    return str(address)
