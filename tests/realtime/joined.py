"""A session joined to a scripted endpoint over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sipagent.agents.agent import RealtimeAgent
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint

from .playbook import PCMU, reception

E = TypeVar("E", bound=SessionEvent)


@asynccontextmanager
async def joined(
    agent: RealtimeAgent | None = None,
    *,
    context: Any = None,
    options: SessionOptions | None = None,
) -> AsyncIterator[tuple[RealtimeSession, ScriptedEndpoint]]:
    """Connect a session to an endpoint; close it at the end."""
    async with scripted_endpoint() as far_end:
        options = options or SessionOptions(PCMU, PCMU)
        session = RealtimeSession(agent or reception(), options, context=context)
        await session.connect(Endpoint(far_end.url, "m"))
        try:
            yield session, far_end
        finally:
            await session.close()


async def told(session: RealtimeSession, kind: type[E]) -> E:
    """Wait for an event of ``kind``; those before it are dropped."""
    async with asyncio.timeout(5):
        async for event in session.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"gone before {kind.__name__}")


async def told_to_the_end(session: RealtimeSession) -> list[SessionEvent]:
    """Return everything that is told."""
    async with asyncio.timeout(5):
        return [event async for event in session.events()]
