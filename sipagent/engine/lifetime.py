"""How long a session lasts. Realtime: ``session_expired``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sipagent.wire.events import Event
from sipagent.wire.server import ErrorDetail, ErrorEvent

GOING_AWAY = 1001
"""RFC 6455 section 7.4.1."""


async def expire(
    limit_s: float,
    send: Callable[[Event], Awaitable[None]],
    end: Callable[[], Awaitable[None]],
) -> None:
    """Wait for the end of a session, tell of it, and end it.

    Args:
        limit_s: From now.
        send: Sends one event.
        end: Ends it.
    """
    await asyncio.sleep(limit_s)
    minutes = f"{limit_s / 60:g}"
    detail = ErrorDetail(
        type="invalid_request_error",
        message=f"Your session hit the maximum duration of {minutes} minutes.",
        code="session_expired",
        param=None,
        event_id=None,
    )
    await send(ErrorEvent(error=detail))
    await end()
