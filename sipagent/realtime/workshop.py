"""Where work is done that takes time, and over which connection its results go.

A connection of its own has a workshop of its own: work ends with it, and the model is not told. A
phone call attached to at the endpoint has one, whatever its connection: the endpoint still has the
function call, so a tool goes on while the socket is gone, and its result waits for the next.

| resource   | acquired | released           | on failure                                       |
|------------|----------|--------------------|--------------------------------------------------|
| work tasks | `start`  | their end, `close` | cancelled; the model is not told                 |
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from sipagent.errors import SessionLost

from .core import SessionCore
from .outbox import OutputCheck, Work
from .tool_calls import HandoffCall, ToolCall
from .work import WorkRunner

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """A connection, as far as work knows it."""

    @property
    def core(self) -> SessionCore:
        """Decides what a result means."""

    @property
    def is_gone(self) -> bool:
        """Tell whether the socket was lost."""

    async def flush(self) -> None:
        """Tell, start and send what the core has to say."""


class Workshop:
    """Own the tasks of work.

    Args:
        runner: Does it.
        is_kept: Whether work goes on when its connection is gone, until another is used.
    """

    def __init__(self, runner: WorkRunner, *, is_kept: bool = False) -> None:
        self._runner, self.is_kept = runner, is_kept
        self._carrier: Carrier | None = None
        self._is_changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def use(self, carrier: Carrier, *, is_active: bool) -> None:
        """Let results go over ``carrier``, which the session uses, or the first that may be."""
        if is_active or self._carrier is None:
            self._carrier = carrier
            self._is_changed.set()

    def start(self, work: Work) -> None:
        """Have ``work`` done, unless it came too late to be cancelled by ``close``."""
        if self._is_closed:
            return
        task = asyncio.get_running_loop().create_task(self._do(work), name=_name_of(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def core(self) -> SessionCore:
        """Return who takes a result; if its socket is gone and may be replaced, wait for that."""
        assert self._carrier is not None
        while self.is_kept and self._carrier.is_gone:
            self._is_changed.clear()
            await self._is_changed.wait()
        return self._carrier.core

    async def flush(self) -> None:
        """Send and tell what the core has to say by now.

        Raises:
            SessionLost: If the socket is gone for good.
        """
        assert self._carrier is not None
        try:
            await self._carrier.flush()
        except SessionLost:
            if not self.is_kept:  # else what was not confirmed is sent again over the next
                raise

    def end(self) -> None:
        """Cancel everything, once, and begin nothing any more."""
        if self._is_closed:
            return
        self._is_closed = True
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def close(self) -> None:
        """Wait until everything is cancelled; harmless when it is closed."""
        self.end()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _do(self, work: Work) -> None:
        try:
            await self._runner.run(self, work)
            await self.flush()
        except SessionLost:
            log.debug("work ended after its session")


def _name_of(work: Work) -> str:
    match work:
        case ToolCall(name=name):
            return f"tool {name}"
        case HandoffCall(handoff=handoff):
            return f"handoff {handoff.tool_name}"
        case OutputCheck():
            return "output guardrails"
