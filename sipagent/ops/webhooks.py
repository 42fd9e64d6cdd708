"""Takes the provider's webhooks: ``POST /webhooks/openai``.

Anybody can post here, so the body is small, read within a moment, and believed only when its
signature is good; who is refused learns nothing but a status. What is answered with 200 outlives
a crash of ours; what is not is sent again by the provider.

The rate is limited before anything is read: a flood costs neither memory nor arithmetic.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import ClientError, web

from sipagent.errors import JournalError, WebhookRefused, WireError
from sipagent.wire.webhook import IncomingCall, read_webhook, verify

from .token_bucket import TokenBucket
from .webhook_counts import Outcome, WebhookCounts

log = logging.getLogger(__name__)

PATH = "/webhooks/openai"
CHUNK_BYTES = 16 * 1024
LOGGED_PER_SECOND, LOGGED_AT_ONCE = 1.0, 10.0
"""Of refused webhooks; all are counted."""

STATUSES = {
    Outcome.TAKEN: 200,
    Outcome.DUPLICATE: 200,
    Outcome.IGNORED: 200,
    Outcome.RATE_LIMITED: 429,
    Outcome.TOO_LARGE: 413,
    Outcome.BROKEN_OFF: 400,
    Outcome.NO_SECRET: 404,
    Outcome.MISSING_HEADER: 400,
    Outcome.BAD_TIMESTAMP: 400,
    Outcome.TOO_OLD: 401,
    Outcome.TOO_NEW: 401,
    Outcome.BAD_SIGNATURE: 401,
    Outcome.UNREADABLE: 400,
    Outcome.STORE_FAILED: 503,
}


@dataclass(frozen=True, slots=True)
class WebhookLimits:
    """What is taken at most."""

    max_per_second: float = 50.0
    """In the long run, and at once."""
    max_body_bytes: int = 256 * 1024
    """Many times the largest INVITE that a SIP server takes."""
    body_timeout_s: float = 10.0
    store_timeout_s: float = 10.0
    """Afterwards the provider is asked to try again."""


class WebhookStore(Protocol):
    """Keeps what webhooks announce."""

    async def add_webhook(self, webhook_id: str, call: IncomingCall, *, received_at: float) -> bool:
        """Write ``call`` down; return whether it is new. May raise ``JournalError``."""


class _Refused(Exception):
    """Ends the handling of a request; never leaves this file."""

    def __init__(self, outcome: Outcome, why: str = "") -> None:
        self.outcome = outcome
        super().__init__(why or outcome.value)


class WebhookDesk:
    """Take webhooks, hand on the calls they announce.

    Args:
        secrets: Any may have signed; none: nothing is taken, and there is no route.
        store: Where calls are written down before they are answered for.
        wall_clock: Unix seconds.
        on_call: Called after a new call was written down.
        limits: What is taken at most.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        store: WebhookStore,
        *,
        wall_clock: Callable[[], float],
        on_call: Callable[[], None],
        limits: WebhookLimits | None = None,
    ) -> None:
        self._secrets, self._store = secrets, store
        self._wall_clock, self._on_call = wall_clock, on_call
        self._limits = limits or WebhookLimits()
        rate = self._limits.max_per_second
        self._rate = TokenBucket(rate, max(1.0, rate))
        self._log_rate = TokenBucket(LOGGED_PER_SECOND, LOGGED_AT_ONCE)
        self.counts = WebhookCounts()

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP server is to serve; nothing without secrets."""
        return [web.post(PATH, self.handle)] if self._secrets else []

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            outcome = await self._take(request)
        except _Refused as refused:
            outcome = refused.outcome
            if self._log_rate.admits(now=_now()):
                log.warning("! webhook refused: %s", refused)
        self.counts.count(outcome)
        return web.Response(status=STATUSES[outcome])

    async def _take(self, request: web.Request) -> Outcome:
        if not self._rate.admits(now=_now()):
            raise _Refused(Outcome.RATE_LIMITED)
        body = await self._body(request)
        received_at = self._wall_clock()
        try:
            webhook_id = verify(self._secrets, request.headers, body, now=received_at)
        except WebhookRefused as error:
            raise _Refused(Outcome(error.reason)) from None
        try:
            call = read_webhook(body)
        except WireError as error:
            raise _Refused(Outcome.UNREADABLE, f"unreadable: {error}") from None
        if call is None:
            return Outcome.IGNORED
        if not await self._is_new(webhook_id, call, received_at):
            return Outcome.DUPLICATE
        log.info("< a call waits: %s", call.realtime_call_id)
        self._on_call()
        return Outcome.TAKEN

    async def _body(self, request: web.Request) -> bytes:
        most = self._limits.max_body_bytes
        if (request.content_length or 0) > most:
            raise _Refused(Outcome.TOO_LARGE)
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                    body += chunk
                    if len(body) > most:
                        raise _Refused(Outcome.TOO_LARGE)
        except (TimeoutError, OSError, ClientError, web.RequestPayloadError):
            raise _Refused(Outcome.BROKEN_OFF) from None
        return bytes(body)

    async def _is_new(self, webhook_id: str, call: IncomingCall, received_at: float) -> bool:
        try:
            async with asyncio.timeout(self._limits.store_timeout_s):
                return await self._store.add_webhook(webhook_id, call, received_at=received_at)
        except JournalError as error:
            raise _Refused(Outcome.STORE_FAILED, str(error)) from None
        except TimeoutError:
            raise _Refused(Outcome.STORE_FAILED, "the store does not answer") from None


def _now() -> float:
    return asyncio.get_running_loop().time()
