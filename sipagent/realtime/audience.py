"""Who is told what happens in a session: its one reader, listeners by name, hooks of agents.

Events are kept for the reader unless somebody else listens and nobody has ever read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .conversation_events import AgentEnded, AgentStarted
from .events import Disconnected, SessionEvent
from .listeners import Listener, Listeners


class Audience:
    """Of one session.

    Args:
        context: Handed to hooks.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._listeners = Listeners()
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        self._is_iterated = False
        self.is_gone = False
        """Whether the last event was told: nothing follows ``Disconnected``."""

    def events(self) -> AsyncIterator[SessionEvent]:
        """Yield what happens; ends after ``Disconnected``. For one reader."""
        self._is_iterated = True
        return self._until_the_end()

    async def _until_the_end(self) -> AsyncIterator[SessionEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Disconnected):
                return

    def on(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with each event ``name``, with every one for ``*``.

        Raises:
            ConfigError: If there is no such event.
        """
        self._listeners.add(name, listener)

    def off(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``; harmless when it is not called."""
        self._listeners.remove(name, listener)

    def tell(self, event: SessionEvent) -> None:
        """Tell all of them."""
        self.is_gone = isinstance(event, Disconnected)
        if self._is_iterated or not self._listeners:
            self._events.put_nowait(event)
        self._listeners.tell(event)
        match event:
            case AgentStarted(agent=agent) if agent.hooks is not None:
                self._listeners.run(agent.hooks.on_start(self._context, agent))
            case AgentEnded(agent=agent, output=output) if agent.hooks is not None:
                self._listeners.run(agent.hooks.on_end(self._context, agent, output))
            case _:
                pass

    async def close(self) -> None:
        """Wait for listeners and hooks."""
        await self._listeners.close()
