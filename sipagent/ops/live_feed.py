"""Tells the readers of the event stream what changes on calls, at most ten times a second.

| resource | acquired                    | released        | on failure |
|----------|-----------------------------|-----------------|------------|
| timer    | a change, an end of a call  | fired, ``close``| -          |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .clock import unix_time
from .live_calls import KEPT_S, LiveCalls

EVERY_S = 0.1

Event: TypeAlias = tuple[str, dict[str, Any]]


class LiveFeed:
    """Pass changes of ``calls`` on.

    Args:
        calls: Changed by others, who then call :meth:`look`.
        tell: Takes the events of one moment.
    """

    def __init__(self, calls: LiveCalls, tell: Callable[[Sequence[Event]], None]) -> None:
        self._calls, self._tell = calls, tell
        self._timer: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Tell what changed, soon."""
        if self._timer is None and self._calls.has_changes:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._pass_on)

    def close(self) -> None:
        """Tell nothing any more."""
        for timer in (self._timer, self._expiry):
            if timer is not None:
                timer.cancel()

    def _pass_on(self) -> None:
        self._timer = None
        changes, dropped = self._calls.take_changes()
        if any(change.get("state") == "ended" for change in changes) and self._expiry is None:
            self._expiry = asyncio.get_running_loop().call_later(KEPT_S, self._expire)
        events: list[Event] = [("call", change) for change in changes]
        self._tell([*events, *(("call_gone", {"call_id": each}) for each in dropped)])

    def _expire(self) -> None:
        self._calls.expire(unix_time())
        is_waiting = any(call["state"] == "ended" for call in self._calls.listed())
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(KEPT_S / 10, self._expire) if is_waiting else None
        self.look()
