"""The life of a call's session as the call sees it: opened, listened to, closed.

| resource | acquired | released                | on failure                             |
|----------|----------|-------------------------|----------------------------------------|
| session  | ``run``  | ``close``, then ``end`` | one event, if it never opened; what    |
|          |          |                         | comes later is among its own           |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sipagent.errors import SessionError
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.session import RealtimeSession

from . import facts
from .events import SessionFailed, SessionReady
from .termination import session_failure

FailureT = TypeVar("FailureT")

log = logging.getLogger(__name__)

CLOSE_LIMIT_S = 1.0
"""How long the endpoint may take to answer our close frame (RFC 6455 section 7.1.1)."""


class SessionRun(Generic[FailureT]):
    """Run one session for a call.

    Args:
        call_id: For the log.
        session: Not connected yet.
        connect: Opens it.
        failed: Returns what it means for the call that it could not be opened.
        tell: Takes facts.
        post: Takes what happens, for the inbox of the call.
    """

    def __init__(
        self,
        call_id: str,
        session: RealtimeSession,
        connect: Callable[[], Awaitable[None]],
        failed: Callable[[SessionError], FailureT],
        *,
        tell: Callable[[facts.Fact], None],
        post: Callable[[SessionEvent | SessionReady | FailureT], None],
    ) -> None:
        self._call_id, self._session = call_id, session
        self._connect, self._failed = connect, failed
        self._tell, self._post = tell, post
        self.is_closed = False
        """Whether what it still says counts for nothing."""

    async def run(self) -> None:
        """Open it and post all it says, until it ends; after a failure it may be run again."""
        now = asyncio.get_running_loop().time
        started_at = now()
        try:
            await self._connect()
        except SessionError as error:
            log.warning("call=%s ! realtime session: %s", self._call_id, error)
            self._post(self._failed(error))
            return
        connect_ms = round((now() - started_at) * 1000)
        self._tell(facts.SessionOpened(connect_ms, self._session.model))
        self._post(SessionReady())
        async for event in self._session.events():
            self._post(event)

    async def close(self) -> None:
        """Say goodbye to the endpoint."""
        await self._session.close()

    async def end(self) -> None:
        """The same, within a limit. Never raises what the session does."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._session.close()
        except (TimeoutError, SessionError):
            log.debug("call=%s the endpoint did not say goodbye", self._call_id)


def session_failed(error: SessionError) -> SessionFailed:
    """Return what it means for a call that is answered here: another session is not tried."""
    return SessionFailed(session_failure(error), str(error))
