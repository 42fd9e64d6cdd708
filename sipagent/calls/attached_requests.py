"""What a call asks of the provider's connector, and what becomes of it, as events of the call.

Realtime: POST /realtime/calls/{call_id}/accept, reject, hangup.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from sipagent.agents.agent import RealtimeAgent
from sipagent.errors import CallGone, ConfigError, SessionError
from sipagent.realtime.accepting import accept_session
from sipagent.realtime.options import SessionOptions

from .attached_events import AttachedEvent, CallAccepted, CallOver, CallReleased
from .events import SessionFailed
from .termination import Reason, session_failure
from .tools import CallContext

log = logging.getLogger(__name__)


class Connector(Protocol):
    """Takes requests; ``realtime.sip_calls.SipCalls`` is one.

    Every method raises ``CallGone`` if there is no such call any more, and another
    ``SessionError`` if the provider refuses, or does not answer in time.
    """

    async def accept(self, realtime_call_id: str, session: dict[str, Any]) -> None: ...
    async def reject(self, realtime_call_id: str, status_code: int = ...) -> None: ...
    async def refer(self, realtime_call_id: str, target_uri: str) -> None: ...
    async def hangup(self, realtime_call_id: str) -> None: ...


class CallRequests:
    """Make the requests of one call; none raises what the connector says.

    Args:
        connector: Has the call.
        context: Of the call.
        post: Where events for the call's controller go.
    """

    def __init__(
        self, connector: Connector, context: CallContext, post: Callable[[AttachedEvent], None]
    ) -> None:
        self._connector, self._context, self._post = connector, context, post
        self._call_id, self._realtime_call_id = context.call_id, context.realtime_call_id

    async def accept(self, agent: RealtimeAgent, options: SessionOptions) -> None:
        """Have the caller answered by ``agent``."""
        try:
            session = await accept_session(agent, options, context=self._context)
            await self._connector.accept(self._realtime_call_id, session)
        except CallGone as gone:
            self._post(CallOver(Reason.CALLER_CANCELLED, str(gone)))
        except SessionError as error:
            self._refused(session_failure(error), error)
        except ConfigError as error:
            self._refused(Reason.SESSION_REFUSED, error)
        else:
            self._post(CallAccepted())

    async def reject(self, status: int) -> None:
        """Refuse the caller."""
        await self._end(lambda: self._connector.reject(self._realtime_call_id, status))

    async def hang_up(self) -> None:
        """End the call."""
        await self._end(lambda: self._connector.hangup(self._realtime_call_id))

    async def release(self, *, is_answered: bool) -> int:
        """End a call after a fault of ours; return the final status of its INVITE."""
        if is_answered:
            await self.hang_up()
            return 200
        await self.reject(500)
        return 500

    def _refused(self, reason: Reason, error: Exception) -> None:
        log.warning("call=%s ! accept: %s", self._call_id, error)
        self._post(SessionFailed(reason, str(error)))

    async def _end(self, request: Callable[[], Awaitable[None]]) -> None:
        try:
            await request()
        except CallGone:
            log.debug("call=%s was over when we ended it", self._call_id)
        except SessionError as error:
            log.error("call=%s ! could not be ended: %s", self._call_id, error)
        self._post(CallReleased())
