"""The engine as a provider that answers telephone calls, in this process, without a telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sipagent.engine.calls import Calls
from sipagent.engine.server import run_engine
from sipagent.engine.settings import EngineSettings
from sipagent.ops.clock import unix_time
from sipagent.wire.webhook import IncomingCall, sign, webhook_body

from .quiet_leg import QuietLeg

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
START_LIMIT_S = 30.0


class Provider:
    """The engine with its calls."""

    def __init__(self) -> None:
        self.port = 0
        self._calls: Calls | None = None
        self._ready = asyncio.Event()

    @property
    def calls(self) -> Calls:
        """Its calls; there while it runs."""
        assert self._calls is not None
        return self._calls

    @property
    def url(self) -> str:
        """Where its sessions are."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    @asynccontextmanager
    async def run(self, scripts: Path, *, sessions: int = 64) -> AsyncIterator[None]:
        """Run it until the end of the block."""
        settings = EngineSettings(scripts_dir=scripts, recognisers=1, max_sessions=sessions)
        work = run_engine(
            settings, clock=unix_time, on_ready=self._listens, connector=self._connect
        )
        task = asyncio.get_running_loop().create_task(work, name="engine")
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await self._ready.wait()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def _connect(self, calls: Calls) -> AsyncIterator[None]:
        self._calls = calls
        yield

    def _listens(self, port: int) -> None:
        self.port = port
        self._ready.set()


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """What is posted."""

    body: bytes
    headers: Mapping[str, str]


def signed_webhook(
    leg: QuietLeg, realtime_call_id: str, *, now: float, webhook_id: str = "", secret: str = SECRET
) -> SignedWebhook:
    """Return the webhook that tells of a call; without an id, one of its own."""
    timestamp, webhook_id = int(now), webhook_id or f"wh_{realtime_call_id}"
    call = IncomingCall(f"evt_{webhook_id}", timestamp, realtime_call_id, tuple(leg.sip_headers))
    body = webhook_body(call)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, webhook_id, timestamp, body),
        "content-type": "application/json",
    }
    return SignedWebhook(body, headers)
