"""The engine as a server, like the endpoint it stands in for: sessions at ``/v1/realtime``.

| resource    | acquired     | released              | on failure                                |
|-------------|--------------|-----------------------|-------------------------------------------|
| voice       | ``run``      | end of ``run``        | restarted by its next sentence            |
| recognisers | ``run``      | end of ``run``        | replaced one by one                       |
| calls       | connector    | end of ``run``        | each ends alone                           |
| session     | handshake    | close of its socket   | closed; others notice nothing             |
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from aiohttp import web

from sipagent.errors import EngineError, why_not_listening
from sipagent.wire.events import Event

from .brain.script import load_scripts
from .brain.scripts import Scripts
from .call_routes import CallRoutes
from .calls import Calls
from .checks import Json
from .client_secrets import ClientSecrets, key_of
from .connection import Connection, message_of
from .http_errors import error_response, errors_as_json, json_of
from .lifetime import GOING_AWAY
from .orders import take_orders
from .places import Places
from .responses.desk import Desk
from .responses.routes import TextRoutes
from .session import Parts, Session
from .settings import EngineSettings
from .sockets import CLOSE_LIMIT_S, Sockets, offered_protocols, serve
from .stt.pool import RecogniserPool
from .tts.speaker import Speaker
from .vad.silero import Silero

log = logging.getLogger(__name__)

PATH = "/v1/realtime"

Connector = Callable[[Calls], AbstractAsyncContextManager[None]]
"""Brings telephone calls while it is entered."""


async def run_engine(
    settings: EngineSettings,
    *,
    clock: Callable[[], float],
    on_ready: Callable[[int], None] | None = None,
    connector: Connector | None = None,
    orders: socket.socket | None = None,
) -> None:
    """Serve until cancelled.

    Args:
        settings: Where to listen, and with what.
        clock: Unix seconds, for ``expires_at``.
        on_ready: Called with the port once sessions are accepted.
        connector: Entered once the server listens, and left before it closes.
        orders: By which other versions of the scripts are asked for; None: nobody does.

    Raises:
        EngineError: If a script is broken, a part does not start or the port is busy.
    """
    scripts = Scripts(load_scripts(settings.scripts_dir), settings.scripts_version)
    Silero()  # loads the model, or tells what to install, before somebody calls
    speaker = Speaker()
    recognisers = RecogniserPool(settings.recognisers, scripts.phrases())
    parts = Parts(scripts, recognisers, speaker, settings.session_limit_s)
    places = Places(settings.max_sessions)
    calls = Calls(parts, places, clock)
    endpoint = _Endpoint(parts, places, calls, clock)
    runner = web.AppRunner(endpoint.app(), access_log=None, shutdown_timeout=CLOSE_LIMIT_S)
    try:
        await asyncio.gather(speaker.start(), recognisers.start())
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except (OSError, ValueError) as error:  # ValueError: what cannot even be a host name
            where, why = f"{settings.host}:{settings.port}", why_not_listening(error)
            raise EngineError(f"the engine cannot listen on {where}: {why}") from None
        port: int = runner.addresses[0][1]
        log.info("= engine listens on %s:%d", settings.host, port)
        async with connector(calls) if connector is not None else nullcontext():
            try:
                if on_ready is not None:
                    on_ready(port)
                if orders is not None:
                    await take_orders(orders, scripts, recognisers)
                await asyncio.get_running_loop().create_future()
            finally:
                await calls.hang_up_all()  # while there is still somebody to hang up
    finally:
        await calls.close()
        await runner.cleanup()
        await speaker.close()
        await recognisers.close()


class _Endpoint:
    """What is served, by path."""

    def __init__(
        self, parts: Parts, places: Places, calls: Calls, clock: Callable[[], float]
    ) -> None:
        self._parts, self._places, self._clock = parts, places, clock
        self._secrets = ClientSecrets()
        self._sockets = Sockets()
        self._calls = CallRoutes(calls, self._sockets)
        self._text = TextRoutes(Desk(parts.scripts), self._sockets, clock, parts.limit_s)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[errors_as_json])
        app.router.add_get(PATH, self._realtime, allow_head=False)
        app.router.add_post(f"{PATH}/client_secrets", self._client_secret)
        app.router.add_get("/healthz", self._healthz)
        self._calls.add_to(app, PATH)
        self._text.add_to(app)
        app.on_shutdown.append(self._close_all)
        return app

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _client_secret(self, request: web.Request) -> web.Response:
        body = await json_of(request)
        return web.json_response(self._secrets.issue(body, now=int(self._clock())))

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        if "call_id" in request.query:
            return await self._calls.control(request)
        key = key_of(request.headers, offered_protocols(request))
        update = self._secrets.update_of(key, now=int(self._clock()))
        if not self._places.take():
            return error_response(503, "no session is free", code="server_busy")
        try:
            async with self._sockets.opened(request) as socket:
                await self._session(socket, request.query.get("model"), update or {})
        finally:
            self._places.give_back()
        return socket

    async def _session(
        self, socket: web.WebSocketResponse, model: str | None, update: Json
    ) -> None:
        async def send(event: Event) -> None:
            await socket.send_str(message_of(event))

        async def expired() -> None:
            await socket.close(code=GOING_AWAY)

        session = Session(
            self._parts,
            update.get("model") or model,
            now=int(self._clock()),
            send=send,
            expired=expired,
        )
        try:
            if update:
                session.configure(update)
            await session.open()
            await serve(socket, Connection(session, socket.send_str))
        except ConnectionResetError:
            pass
        finally:
            await session.close()

    async def _close_all(self, _: web.Application) -> None:
        await self._sockets.close_all(GOING_AWAY)
