"""The phone calls at the engine, by their id: somebody brings legs, somebody else decides.

| resource      | acquired   | released          | on failure                         |
|---------------|------------|-------------------|------------------------------------|
| call, place   | `incoming` | the call's end    | logged; the other calls go on      |
| leg's reader  | `incoming` | ``LegEnded``, or  | logged, and the call is hung up    |
|               |            | `close`           |                                    |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from secrets import token_hex

from sipagent.errors import CallGone, EngineError

from .call import RealtimeCall
from .call_state import CallState
from .leg import Leg
from .places import Places
from .session import Parts
from .tasks import Tasks

log = logging.getLogger(__name__)


class Calls:
    """Keep the calls.

    Args:
        parts: Of sessions.
        places: How many there may be, with the other sessions.
        clock: Unix seconds.
    """

    def __init__(self, parts: Parts, places: Places, clock: Callable[[], float]) -> None:
        self._parts, self._places, self._clock = parts, places, clock
        self._calls: dict[str, RealtimeCall] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._tasks = Tasks()
        self._is_closed = False

    def incoming(self, leg: Leg) -> str:
        """Take a call that waits for a decision; return its id.

        Raises:
            EngineError: If there is no session for it: SIP says 503 then.
        """
        if self._is_closed or not self._places.take():
            raise EngineError("no session is free")
        call = RealtimeCall(f"rtc_{token_hex(16)}", leg, self._parts, self._clock)
        self._calls[call.realtime_call_id] = call
        self._lives[call.realtime_call_id] = self._tasks.start(self._live(call), "call")
        return call.realtime_call_id

    async def decided(self, realtime_call_id: str) -> None:
        """Wait until a call was accepted, rejected or referred, or is over."""
        call = self._calls.get(realtime_call_id)
        if call is not None:
            await call.decided.wait()

    def abandon(self, realtime_call_id: str, status_code: int) -> None:
        """Reject a call that nobody decided about in time."""
        call = self._calls.get(realtime_call_id)
        if call is not None and call.state is CallState.PENDING:
            call.reject(status_code)

    def call(self, realtime_call_id: str) -> RealtimeCall:
        """Return a call.

        Raises:
            CallGone: If there is none, or no more.
        """
        call = self._calls.get(realtime_call_id)
        if call is None or call.state is CallState.ENDED:
            raise CallGone("there is no such call")
        return call

    async def hang_up_all(self) -> None:
        """Hang up, and take no more calls."""
        self._is_closed = True
        for call in self._calls.values():
            if call.state is not CallState.ENDED:
                call.hang_up()
        if self._lives:
            await asyncio.wait(self._lives.values())

    async def close(self) -> None:
        """Follow no leg any more."""
        await self._tasks.cancel()

    async def _live(self, call: RealtimeCall) -> None:
        self._tasks.start(self._follow(call), "leg")
        try:
            await call.run()
        finally:
            del self._calls[call.realtime_call_id], self._lives[call.realtime_call_id]
            self._places.give_back()

    async def _follow(self, call: RealtimeCall) -> None:
        try:
            await call.follow()
        except Exception:
            log.exception("call=%s ! hung up, since it failed", call.realtime_call_id)
            if call.state is not CallState.ENDED:
                call.hang_up()
            await call.follow()  # whatever still comes, so that its leg is not kept waiting
