"""Whoever listens to a session: functions by name of event, plain or async.

Plain ones are called at once. Async ones run one after the other, in the order of the events, in a
task of the session's. What a listener raises is its own trouble, and is logged.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, get_args

from sipagent.agents.callbacks import raised
from sipagent.errors import ConfigError

from .events import SessionEvent

log = logging.getLogger(__name__)

Listener: TypeAlias = Callable[[Any], Awaitable[None] | None]

EVERYTHING = "*"
EVENT_NAMES = frozenset({EVERYTHING, *(event.NAME for event in get_args(SessionEvent))})


class Listeners:
    """Call them."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._waiting: deque[Awaitable[None]] = deque()
        self._task: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def add(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with each event ``name``, or with every one for ``*``.

        Raises:
            ConfigError: If there is no such event.
        """
        if name not in EVENT_NAMES:
            raise ConfigError(
                f"there is no event {name!r}; there are {', '.join(sorted(EVENT_NAMES))}"
            )
        self._listeners.setdefault(name, []).append(listener)

    def remove(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``; harmless when it is not called."""
        if listener in self._listeners.get(name, []):
            self._listeners[name].remove(listener)

    def tell(self, event: SessionEvent) -> None:
        """Call whoever listens to ``event``."""
        for name in (event.NAME, EVERYTHING):
            for listener in list(self._listeners.get(name, ())):
                try:
                    result = listener(event)
                except Exception:
                    log.exception("! a listener to %s failed", name)
                else:
                    if inspect.isawaitable(result):
                        self.run(result)

    async def close(self) -> None:
        """Let those that were called finish; not the one that closes the session, if one does."""
        if self._task is not None and self._task is not asyncio.current_task():
            await asyncio.wait([self._task])

    def run(self, called: Awaitable[None]) -> None:
        """Wait for ``called`` after all that was called before it."""
        self._waiting.append(called)
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), name="realtime listeners")

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._called(self._waiting.popleft())
        finally:
            self._task = None

    async def _called(self, called: Awaitable[None]) -> None:
        try:
            await called
        except BaseException as raw:
            log.error("! a listener failed", exc_info=raised(raw))
