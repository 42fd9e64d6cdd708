"""Phone calls over HTTP: what is decided about them, and the sockets that control them.

| resource       | acquired  | released                        | on failure                       |
|----------------|-----------|---------------------------------|----------------------------------|
| control socket | handshake | its close, or the call's end    | closed; the call goes on         |
| its writer     | handshake | with its socket                 | the socket is closed             |

Realtime: ``/v1/realtime/calls/{call_id}/...`` and ``/v1/realtime?call_id=``.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from .audience import Member
from .call import RealtimeCall
from .call_requests import refer_target, reject_status
from .calls import Calls
from .http_errors import json_of
from .sockets import Sockets, serve
from .tasks import Tasks

OVER = 1000
"""RFC 6455 section 7.4.1: what the socket was for is done."""


class CallRoutes:
    """Serve calls.

    Args:
        calls: Those there are.
        sockets: Those that are open.
    """

    def __init__(self, calls: Calls, sockets: Sockets) -> None:
        self._calls, self._sockets = calls, sockets

    def add_to(self, app: web.Application, path: str) -> None:
        """Add the routes below ``path``."""
        one = f"{path}/calls/{{call_id}}"
        app.router.add_post(f"{one}/accept", self._accept)
        app.router.add_post(f"{one}/reject", self._reject)
        app.router.add_post(f"{one}/refer", self._refer)
        app.router.add_post(f"{one}/hangup", self._hang_up)

    async def control(self, request: web.Request) -> web.StreamResponse:
        """Let a client control a call, to the call's end or its own."""
        call = self._calls.call(request.query["call_id"])
        call.check_attachable()
        async with self._sockets.opened(request) as socket:
            member = Member(request.transport.abort if request.transport else lambda: None)
            await _exchange(socket, member, call)
            await socket.close(code=OVER)
        return socket

    async def _accept(self, request: web.Request) -> web.Response:
        call = self._call(request)
        await call.accept(await json_of(request))
        return web.Response()

    async def _reject(self, request: web.Request) -> web.Response:
        call = self._call(request)
        call.reject(reject_status(await json_of(request)))
        return web.Response()

    async def _refer(self, request: web.Request) -> web.Response:
        call = self._call(request)
        call.refer(refer_target(await json_of(request)))
        return web.Response()

    async def _hang_up(self, request: web.Request) -> web.Response:
        self._call(request).hang_up()
        return web.Response()

    def _call(self, request: web.Request) -> RealtimeCall:
        return self._calls.call(request.match_info["call_id"])


async def _exchange(socket: web.WebSocketResponse, member: Member, call: RealtimeCall) -> None:
    """Read and write until either ends; nobody reads any more then, so that it can be closed."""
    connection = await call.attach(member)
    if connection is None:
        return
    tasks = Tasks()
    reading = tasks.start(serve(socket, connection), "control reader")
    writing = tasks.start(_write(socket, member), "control writer")
    try:
        await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        call.detach(member)
        await tasks.cancel()


async def _write(socket: web.WebSocketResponse, member: Member) -> None:
    while (message := await member.next()) is not None:
        await socket.send_str(message)
