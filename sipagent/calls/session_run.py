"""The life of a call's session as the call sees it: opened, listened to, closed.

| resource | acquired | released                | on failure                             |
|----------|----------|-------------------------|----------------------------------------|
| session  | ``run``  | ``close``, then ``end`` | ``SessionFailed``, if it never opened; |
|          |          |                         | what comes later is among its events   |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sipagent.errors import SessionError
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.transport import Endpoint

from . import events as call_events
from . import facts
from .inbox import Inbox
from .termination import session_failure

log = logging.getLogger(__name__)

CLOSE_LIMIT_S = 1.0
"""How long the endpoint may take to answer our close frame (RFC 6455 section 7.1.1)."""


class SessionRun:
    """Run one session for a call.

    Args:
        call_id: For the log.
        session: Not connected yet.
        endpoint: Where the speech model is.
        tell: Takes facts.
        post: Takes what happens, for the inbox of the call.
    """

    def __init__(
        self,
        call_id: str,
        session: RealtimeSession,
        endpoint: Endpoint,
        *,
        tell: Callable[[facts.Fact], None],
        post: Callable[[Inbox], None],
    ) -> None:
        self._call_id, self._session, self._endpoint = call_id, session, endpoint
        self._tell, self._post = tell, post
        self.is_closed = False
        """Whether what it still says counts for nothing."""

    async def run(self) -> None:
        """Open it and post all it says, until it ends."""
        now = asyncio.get_running_loop().time
        started_at = now()
        try:
            await self._session.connect(self._endpoint)
        except SessionError as error:
            reason = session_failure(error)
            log.warning("call=%s ! realtime session: %s", self._call_id, error)
            self._post(call_events.SessionFailed(reason, str(error)))
            return
        connect_ms = round((now() - started_at) * 1000)
        self._tell(facts.SessionOpened(connect_ms, self._session.model))
        self._post(call_events.SessionReady())
        async for event in self._session.events():
            self._post(event)

    async def close(self) -> None:
        """Say goodbye to the endpoint."""
        await self._session.close()

    async def end(self) -> None:
        """The same, within a limit. Never raises what the session does."""
        await say_goodbye(self._session, self._call_id)


async def say_goodbye(session: RealtimeSession, call_id: str) -> None:
    """Close ``session``, within a limit. Never raises what it does."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await session.close()
    except (TimeoutError, SessionError):
        log.debug("call=%s the endpoint did not say goodbye", call_id)
