"""The tasks of one call beside the one that reads its inbox: all named, all ended with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sipagent.errors import SessionError

log = logging.getLogger(__name__)


class CallTasks:
    """Start tasks in a group.

    Args:
        call_id: For their names.
        group: Where a fault of theirs ends the call.
    """

    def __init__(self, call_id: str, group: asyncio.TaskGroup) -> None:
        self._call_id, self._group = call_id, group
        self._tasks: list[asyncio.Task[None]] = []

    def run(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Start a task; that the session is gone is no fault."""
        task = self._group.create_task(
            self._until_session_ends(work), name=f"{name} {self._call_id}"
        )
        self._tasks.append(task)

    def cancel(self) -> None:
        """End them all."""
        for task in self._tasks:
            task.cancel()

    async def _until_session_ends(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except SessionError as error:  # the session itself tells of it in its events
            log.debug("call=%s %s", self._call_id, error)
