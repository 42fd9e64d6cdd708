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
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from sipagent.errors import EngineError, why_not_listening

from .brain.script import load_scripts
from .connection import Connection
from .settings import EngineSettings
from .stt.pool import RecogniserPool
from .tts.speaker import Speaker
from .vad.silero import Silero

log = logging.getLogger(__name__)

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
DEFAULT_MODEL = "gpt-realtime"


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
    try:
        await asyncio.gather(speaker.start(), recognisers.start())

        async def handle(socket: ServerConnection) -> None:
            request = socket.request
            assert request is not None
            query = parse_qs(urlsplit(request.path).query)
            connection = Connection(
                socket,
                query.get("model", [DEFAULT_MODEL])[0],
                scripts=scripts,
                recognisers=recognisers,
                speaker=speaker,
                now=int(clock()),
            )
            await _serve_client(socket, connection)

        sessions = _Gate(settings.max_sessions)
        try:
            listener = await serve(
                handle,
                settings.host,
                settings.port,
                process_request=sessions.admit,
                select_subprotocol=_first_offered,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                close_timeout=1.0,
            )
        except (OSError, ValueError) as error:  # ValueError: what cannot even be a host name
            where, why = f"{settings.host}:{settings.port}", why_not_listening(error)
            raise EngineError(f"the engine cannot listen on {where}: {why}") from None
        async with listener:
            sessions.listener = listener
            port: int = next(iter(listener.sockets)).getsockname()[1]
            log.info("= engine listens on %s:%d", settings.host, port)
            if on_ready is not None:
                on_ready(port)
            await asyncio.get_running_loop().create_future()
    finally:
        await speaker.close()
        await recognisers.close()


async def _serve_client(socket: ServerConnection, connection: Connection) -> None:
    try:
        await connection.open()
        async for message in socket:
            await connection.handle(message)
    except ConnectionClosed:
        pass
    finally:
        await connection.close()


class _Gate:
    """Let in what asks for the right path, and not too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.listener: Any = None

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if urlsplit(request.path).path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"try {PATH}\n")
        if self.listener is not None and len(self.listener.connections) >= self._limit:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "no session is free\n")
        return None


def _first_offered(_: ServerConnection, offered: Any) -> Any:
    """Echo ``realtime`` if offered, else the first; browsers close without one."""
    return "realtime" if "realtime" in offered else next(iter(offered), None)
