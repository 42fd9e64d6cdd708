"""The event loop of tests: it takes nothing from other threads, as in asyncio's debug mode.

That mode also keeps a traceback of whatever is made, from the first line of pytest on, which takes
a third of the time that tests compute.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

_Ts = TypeVarTuple("_Ts")


class CheckedLoop(asyncio.SelectorEventLoop):
    """A loop whose other threads have to say that they are others."""

    _owner: int | None = None

    def run_forever(self) -> None:
        """Run, and belong to this thread meanwhile."""
        self._owner = threading.get_ident()
        try:
            super().run_forever()
        finally:
            self._owner = None

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call soon; of the loop's thread."""
        self._check_owner(callback)
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call at a time; of the loop's thread."""
        self._check_owner(callback)
        return super().call_at(when, callback, *args, context=context)

    def _check_owner(self, callback: Callable[..., Any]) -> None:
        if self._owner not in (None, threading.get_ident()):
            raise RuntimeError(f"{callback} comes from another thread: call_soon_threadsafe")
        if not callable(callback) or asyncio.iscoroutinefunction(callback):
            raise TypeError(f"{callback} is nothing that a loop calls")


class CheckedLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes such loops."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return one."""
        return CheckedLoop()
