"""The HTTP server: metrics, liveness, readiness, webhooks, the admin API and its console."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from sipagent.errors import ConfigError, why_not_listening

from .api import Api
from .api_errors import api_errors
from .console_files import console_routes
from .http_door import NEXT_REQUEST_S, HttpDoor
from .status import Readiness, readiness_to_json
from .webhooks import WebhookDesk

log = logging.getLogger(__name__)


class OpsServer:
    """Serve ``/metrics``, ``/healthz`` and ``/readyz``; webhooks and API if somebody takes them.

    Args:
        bind: Address.
        port: 0 takes a free one.
        metrics_dir: prometheus-client's multiprocess folder.
        readiness: Asked at each request.
        webhooks: Takes what is posted by the provider; its counts are among the metrics.
        api: Takes what is asked under ``/api``; with it comes the console, at ``/``.
        collectors: Metrics beside those of the processes.
    """

    def __init__(
        self,
        bind: str,
        port: int,
        metrics_dir: str,
        readiness: Callable[[], Readiness],
        webhooks: WebhookDesk | None = None,
        api: Api | None = None,
        collectors: Sequence[Collector] = (),
    ) -> None:
        self._bind, self._asked_port = bind, port
        self._metrics_dir, self._readiness = metrics_dir, readiness
        self._webhooks, self._api = webhooks, api
        self._collectors = [*collectors]
        if webhooks is not None:
            self._collectors.append(webhooks.counts)
        if api is not None:
            self._collectors += [api.calls.counts, api.plans.counts]
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self.port = port

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: If the port is busy or the address is not ours.
        """
        door = HttpDoor()
        app = web.Application(middlewares=[door.middleware(), api_errors])
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        if self._webhooks is not None:
            app.router.add_routes(self._webhooks.routes())
        if self._api is not None:
            app.router.add_routes(self._api.routes())
            app.router.add_routes(console_routes())
            app.on_shutdown.append(self._end_streams)
        self._runner = web.AppRunner(
            app,
            access_log=log,
            access_log_class=door.ends(),
            keepalive_timeout=NEXT_REQUEST_S,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        handler = self._runner.server
        assert handler is not None
        try:
            self._listening = await asyncio.get_running_loop().create_server(
                lambda: door.guest(handler()), self._bind, self._asked_port
            )
        except (OSError, ValueError) as error:  # ValueError: what cannot even be a host name
            await self.close()
            where = f"{self._bind}:{self._asked_port}"
            raise ConfigError(
                f"HTTP cannot listen on {where}: {why_not_listening(error)}"
            ) from None
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening; safe twice."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._metrics_dir)  # type: ignore[no-untyped-call]
        for collector in self._collectors:
            registry.register(collector)
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        now = self._readiness()
        return web.json_response(readiness_to_json(now), status=200 if now.is_ready else 503)

    async def _end_streams(self, _: web.Application) -> None:
        """Before handlers are waited for: a stream's would not end by itself."""
        if self._api is not None:
            await self._api.close()
