"""The connector: lets callers ring while whoever gets the webhook decides about them by REST.

INVITE, 180, webhook, decision: what the provider's own SIP connector does, and with the same words
(Realtime: realtime.call.incoming). A caller nobody decides about in time hears that nobody is
there (480); one who gives up is told to nobody any more.

Runs on the loop. A call that fails takes nothing else with it.

| resource       | acquired  | released                 | on failure                     |
|----------------|-----------|--------------------------|--------------------------------|
| SIP endpoint   | entering  | leaving, which hangs up  | ``SipStartError``: no engine   |
| HTTP client    | entering  | leaving                  | its attempt is made again      |
| task of a call | INVITE    | the caller's leg is over | logged, the leg is hung up     |
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import aiohttp

from sipagent.engine.leg import Leg
from sipagent.errors import EngineError
from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.events import Refused
from sipagent.wire.webhook import IncomingCall

from .settings import ConnectorSettings
from .sip_leg import SipLeg
from .webhook_sender import WebhookSender

log = logging.getLogger(__name__)

NOBODY_DECIDED = 480
LAST_EVENTS_S = 1.0
"""How long calls may take to end once they are hung up."""

NOT_TOLD = frozenset({"authorization", "proxy-authorization"})
"""Headers a webhook leaves out (Realtime: realtime.call.incoming)."""


class PendingCalls(Protocol):
    """Who keeps the calls and lets them be decided about."""

    def incoming(self, leg: Leg) -> str:
        """Take a caller who waits for a decision; return the ``realtime_call_id``.

        Raises:
            EngineError: If no session is free.
        """

    def decided(self, realtime_call_id: str) -> Awaitable[None]:
        """Wait until it was accepted, rejected or referred, or is over."""

    def abandon(self, realtime_call_id: str, status_code: int) -> None:
        """Refuse a call nobody decided about in time."""


def connector(
    settings: ConnectorSettings,
    *,
    wall_clock: Callable[[], float],
    on_listening: Callable[[int], None] | None = None,
) -> Callable[[PendingCalls], AbstractAsyncContextManager[None]]:
    """Return what answers the phone for the engine while it is entered.

    Args:
        settings: Where it listens and whom it tells.
        wall_clock: Returns Unix seconds.
        on_listening: Called with the SIP port.
    """

    @asynccontextmanager
    async def answering(calls: PendingCalls) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            sender = WebhookSender(
                str(settings.webhook_url),
                settings.shown_url,
                settings.webhook_secret.get_secret_value(),
                http,
                wall_clock=wall_clock,
            )
            desk = _Desk(calls, sender, settings.ring_limit_s, wall_clock)
            endpoint = SipEndpoint(
                settings.sip(), on_incoming=desk.incoming, on_refused=_note_refused
            )
            await endpoint.start()
            try:
                log.info(
                    "= SIP on %s:%d, %d calls at once, webhooks to %s",
                    *(settings.bind, endpoint.port, endpoint.call_limit, settings.shown_url),
                )
                if on_listening is not None:
                    on_listening(endpoint.port)
                yield
            finally:
                await endpoint.close()
                await desk.close()

    return answering


class _Desk:
    """Every caller, from INVITE to the end.

    Args:
        calls: Who keeps them.
        sender: Who tells of them.
        ring_limit_s: How long they wait.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        calls: PendingCalls,
        sender: WebhookSender,
        ring_limit_s: float,
        wall_clock: Callable[[], float],
    ) -> None:
        self._calls, self._sender = calls, sender
        self._ring_limit_s, self._wall_clock = ring_limit_s, wall_clock
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def incoming(self, leg: SipCall) -> None:
        """Take an INVITE."""
        task = self._loop.create_task(self._run(leg), name=f"leg {leg.invite.sip_call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait until the calls are over, which were hung up; give up those that are not."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_EVENTS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, leg: SipCall) -> None:
        try:
            await self._call(leg)
        except Exception:
            log.exception("leg %s ! given up", leg.invite.sip_call_id)
            leg.hang_up()

    async def _call(self, leg: SipCall) -> None:
        sip_leg = SipLeg(leg)
        try:
            realtime_call_id = self._calls.incoming(sip_leg)
        except EngineError as error:
            log.warning("leg %s ! %s", leg.invite.sip_call_id, error)
            leg.reject(503)
            return
        leg.progress(180)
        log.info("call=%s < INVITE %s", realtime_call_id, leg.invite.sip_call_id)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sip_leg.run(), name=f"events of {realtime_call_id}")
            await self._ring(realtime_call_id, leg.invite.headers)

    async def _ring(self, realtime_call_id: str, headers: tuple[tuple[str, str], ...]) -> None:
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            telling = self._tell(realtime_call_id, headers, until=over)
            tasks.create_task(telling, name=f"webhook of {realtime_call_id}")
            try:
                async with asyncio.timeout(self._ring_limit_s):
                    await self._calls.decided(realtime_call_id)
            except TimeoutError:
                log.warning(
                    "call=%s ! nobody decided in %g s", realtime_call_id, self._ring_limit_s
                )
                self._calls.abandon(realtime_call_id, NOBODY_DECIDED)
            over.set()

    async def _tell(
        self,
        realtime_call_id: str,
        headers: tuple[tuple[str, str], ...],
        *,
        until: asyncio.Event,
    ) -> None:
        call = IncomingCall(
            event_id=f"evt_{secrets.token_hex(16)}",
            created_at=int(self._wall_clock()),
            realtime_call_id=realtime_call_id,
            sip_headers=tuple(each for each in headers if each[0].lower() not in NOT_TOLD),
            media_security="rtp",
        )
        if await self._sender.deliver(call, until=until):
            log.info("call=%s > webhook %s", realtime_call_id, call.event_id)


def _note_refused(refused: Refused) -> None:
    log.warning("! refused %d %s to %s", refused.status, refused.reason, refused.source_address)
