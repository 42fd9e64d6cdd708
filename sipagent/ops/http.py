"""The HTTP server: metrics, liveness, readiness, webhooks, the admin API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from sipagent.errors import ConfigError, why_not_listening

from .api import Api
from .webhooks import WebhookDesk


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a call would be taken now."""

    is_ready: bool
    reasons: tuple[str, ...] = ()
    """Why not; empty when ready."""
    calls_in_use: int = 0
    call_limit: int = 0
    attached_calls: int = 0
    attached_limit: int = 0
    """0 when calls are not attached to."""


class OpsServer:
    """Serve ``/metrics``, ``/healthz`` and ``/readyz``; webhooks and API if somebody takes them.

    Args:
        bind: Address.
        port: 0 takes a free one.
        metrics_dir: prometheus-client's multiprocess folder.
        readiness: Asked at each request.
        webhooks: Takes what is posted by the provider; its counts are among the metrics.
        api: Takes what is asked under ``/api``.
    """

    def __init__(
        self,
        bind: str,
        port: int,
        metrics_dir: str,
        readiness: Callable[[], Readiness],
        webhooks: WebhookDesk | None = None,
        api: Api | None = None,
    ) -> None:
        self._bind, self._asked_port = bind, port
        self._metrics_dir, self._readiness = metrics_dir, readiness
        self._webhooks, self._api = webhooks, api
        self._runner: web.AppRunner | None = None
        self.port = port

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: If the port is busy or the address is not ours.
        """
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        if self._webhooks is not None:
            app.router.add_routes(self._webhooks.routes())
        if self._api is not None:
            app.router.add_routes(self._api.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._bind, self._asked_port)
        try:
            await site.start()
        except (OSError, ValueError) as error:  # ValueError: what cannot even be a host name
            await self.close()
            where = f"{self._bind}:{self._asked_port}"
            raise ConfigError(
                f"HTTP cannot listen on {where}: {why_not_listening(error)}"
            ) from None
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening; safe twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._metrics_dir)  # type: ignore[no-untyped-call]
        if self._webhooks is not None:
            registry.register(self._webhooks.counts)
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        now = self._readiness()
        content = {
            "ready": now.is_ready,
            "reasons": list(now.reasons),
            "calls_in_use": now.calls_in_use,
            "call_limit": now.call_limit,
            "attached_calls": now.attached_calls,
            "attached_limit": now.attached_limit,
        }
        return web.json_response(content, status=200 if now.is_ready else 503)
