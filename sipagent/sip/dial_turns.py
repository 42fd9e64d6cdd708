"""Each INVITE of ours gets its turn, so that together they stay within the budget of sockets.

Turns are given on the loop, a little further apart than the budget wants them: commands to the
PJSIP thread are late now and then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from .socket_budget import DIALS_PER_WINDOW, WINDOW_S

LATENESS_S = 0.1
LONGEST_WAIT_S = 2.0
"""For a turn to dial: whoever asked is waiting."""


class DialRate:
    """Give turns: at most ``per_window`` in any ``window_s``. Pure.

    Args:
        per_window: Of them.
        longest_wait_s: More is refused than is sent within this.
        window_s: In seconds.
    """

    def __init__(
        self,
        per_window: int = DIALS_PER_WINDOW,
        longest_wait_s: float = LONGEST_WAIT_S,
        window_s: float = WINDOW_S + LATENESS_S,
    ) -> None:
        self._turns: deque[float] = deque(maxlen=per_window)
        self._longest_wait_s, self._window_s = longest_wait_s, window_s

    def wait_s(self, *, now: float) -> float | None:
        """Return how long the next one waits, and count it; None: it is one too many."""
        turn = now
        if len(self._turns) == self._turns.maxlen:
            turn = max(now, self._turns[0] + self._window_s)
        if turn - now > self._longest_wait_s:
            return None
        self._turns.append(turn)
        return turn - now


class DialTurns:
    """Wait for turns."""

    def __init__(self) -> None:
        self._rate = DialRate()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self) -> bool:
        """Wait for a turn; False: too many others do."""
        self._loop = asyncio.get_running_loop()
        wait_s = self._rate.wait_s(now=self._loop.time())
        if wait_s is None:
            return False
        await asyncio.sleep(wait_s)
        return True

    def later(self, go: Callable[[bool], None]) -> None:
        """Call ``go`` on the loop when it is time, with False if it never will be; any thread.

        Only after somebody has taken a turn.
        """
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: the process is ending
            self._loop.call_soon_threadsafe(self._wait, self._loop, go)

    def _wait(self, loop: asyncio.AbstractEventLoop, go: Callable[[bool], None]) -> None:
        wait_s = self._rate.wait_s(now=loop.time())
        if wait_s is None:
            go(False)
        else:
            loop.call_later(wait_s, go, True)
