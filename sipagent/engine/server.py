"""The engine as a server: WebSocket at ``/v1/realtime``, like the endpoint it stands in for.

| resource    | acquired     | released              | on failure                                |
|-------------|--------------|-----------------------|-------------------------------------------|
| voice       | ``run``      | end of ``run``        | restarted by its next sentence            |
| recognisers | ``run``      | end of ``run``        | replaced one by one                       |
| connection  | handshake    | close of its socket   | closed; others notice nothing             |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import orjson
from aiohttp import WSMsgType, web

from sipagent.errors import EngineError, why_not_listening

from .brain.script import Script, load_scripts
from .checks import InvalidConfigError
from .client_secrets import ClientSecrets, key_of
from .connection import Connection
from .http_errors import error_response, errors_as_json
from .lifetime import GOING_AWAY
from .nesting import is_too_deep
from .settings import EngineSettings
from .stt.pool import RecogniserPool
from .tts.speaker import Speaker
from .vad.silero import Silero

log = logging.getLogger(__name__)

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
CLOSE_LIMIT_S = 1.0
PING_EVERY_S = 40.0
"""A client that does not answer within half of this is gone."""


async def run_engine(
    settings: EngineSettings,
    *,
    clock: Callable[[], float],
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until cancelled.

    Args:
        settings: Where to listen, and with what.
        clock: Unix seconds, for ``expires_at``.
        on_ready: Called with the port once sessions are accepted.

    Raises:
        EngineError: If a script is broken, a part does not start or the port is busy.
    """
    scripts = load_scripts(settings.scripts_dir)
    Silero()  # loads the model, or tells what to install, before somebody calls
    speaker = Speaker()
    phrases = {name: script.phrases for name, script in scripts.items()}
    recognisers = RecogniserPool(settings.recognisers, phrases)
    endpoint = _Endpoint(settings, scripts, recognisers, speaker, clock)
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
        if on_ready is not None:
            on_ready(port)
        await asyncio.get_running_loop().create_future()
    finally:
        await runner.cleanup()
        await speaker.close()
        await recognisers.close()


class _Endpoint:
    """What is served, by path."""

    def __init__(
        self,
        settings: EngineSettings,
        scripts: dict[str, Script],
        recognisers: RecogniserPool,
        speaker: Speaker,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._scripts = settings, scripts
        self._recognisers, self._speaker, self._clock = recognisers, speaker, clock
        self._secrets = ClientSecrets()
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[errors_as_json])
        app.router.add_get(PATH, self._session, allow_head=False)
        app.router.add_post(f"{PATH}/client_secrets", self._client_secret)
        app.router.add_get("/healthz", self._healthz)
        app.on_shutdown.append(self._close_all)
        return app

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _client_secret(self, request: web.Request) -> web.Response:
        try:
            body = await request.json(loads=orjson.loads) if request.can_read_body else {}
        except ValueError:
            raise InvalidConfigError("body", "the body is not JSON") from None
        if is_too_deep(body):
            raise InvalidConfigError("body", "the body is nested too deeply")
        return web.json_response(self._secrets.issue(body, now=int(self._clock())))

    async def _session(self, request: web.Request) -> web.StreamResponse:
        offered = _offered(request)
        now = int(self._clock())
        update = self._secrets.update_of(key_of(request.headers, offered), now=now)
        model = (update or {}).get("model") or request.query.get("model")
        if len(self._sockets) >= self._settings.max_sessions:
            return error_response(503, "no session is free", code="server_busy")
        socket = web.WebSocketResponse(
            protocols=_first_choice(offered),
            compress=False,
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=CLOSE_LIMIT_S,
            heartbeat=PING_EVERY_S,
        )
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            connection = Connection(
                _Socket(socket),
                model,
                scripts=self._scripts,
                recognisers=self._recognisers,
                speaker=self._speaker,
                now=now,
                limit_s=self._settings.session_limit_s,
            )
            try:
                await connection.open(update)
                await _serve(socket, connection)
            except ConnectionResetError:
                pass
            finally:
                await connection.close()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _close_all(self, _: web.Application) -> None:
        closing = (socket.close(code=GOING_AWAY) for socket in self._sockets)
        await asyncio.gather(*closing)


class _Socket:
    """What a connection sees of its WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: str) -> None:
        await self._socket.send_str(message)

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)


async def _serve(socket: web.WebSocketResponse, connection: Connection) -> None:
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            await connection.handle(message.data)


def _offered(request: web.Request) -> list[str]:
    header = request.headers.get("Sec-WebSocket-Protocol", "")
    return [each.strip() for each in header.split(",") if each.strip()]


def _first_choice(offered: list[str]) -> list[str]:
    """Return ``realtime`` if offered, else the first; browsers close without one."""
    return ["realtime"] if "realtime" in offered else offered[:1]
