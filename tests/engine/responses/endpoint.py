"""The routes of text agents on a real socket, without the rest of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.http_errors import errors_as_json
from sipagent.engine.lifetime import GOING_AWAY
from sipagent.engine.responses.desk import Desk
from sipagent.engine.responses.routes import TextRoutes
from sipagent.engine.sockets import CLOSE_LIMIT_S, Sockets

NOW = 1_700_000_000


@asynccontextmanager
async def endpoint(*, limit_s: float = 3_600.0) -> AsyncIterator[str]:
    """Serve; yield the base URL, which ends in ``/v1``."""
    sockets = Sockets()
    app = web.Application(middlewares=[errors_as_json])
    TextRoutes(Desk(Scripts({})), sockets, lambda: NOW, limit_s).add_to(app)

    async def close_all(_: web.Application) -> None:
        await sockets.close_all(GOING_AWAY)

    app.on_shutdown.append(close_all)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_LIMIT_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        await runner.cleanup()
