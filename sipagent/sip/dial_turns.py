"""Each INVITE of ours gets its turn, so that together they stay within the budget of sockets.

Turns are given on the loop, a little further apart than the budget wants them: commands to the
PJSIP thread are late now and then. Who comes so late, on a machine that stalled, that the budget
has nothing left for them, waits for another turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from .socket_budget import DIALS_PER_WINDOW, WINDOW_S

TOO_MANY_CALLS = "too many calls are being placed"
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

    def wait_s(self, *, now: float, was_late: bool = False) -> float | None:
        """Return how long the next one waits, and count it; None: it is one too many.

        Args:
            now: Monotonic seconds.
            was_late: Whether it had a turn that came to nothing; then it is not known when those
                before it were used, but that it was not after ``now``.
        """
        if was_late:
            self._turns.extend([max(now, turn) for turn in self._turns])
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

    async def take(self, *, was_late: bool = False) -> bool:
        """Wait for a turn, or for another after one that was late; False: too many others do."""
        self._loop = asyncio.get_running_loop()
        wait_s = self._rate.wait_s(now=self._loop.time(), was_late=was_late)
        if wait_s is None:
            return False
        await asyncio.sleep(wait_s)
        return True

    def later(self, go: Callable[[bool], None], *, was_late: bool = False) -> None:
        """Call ``go`` on the loop when it is time, with False if it never will be; any thread.

        Only after somebody has taken a turn.
        """
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: the process is ending
            self._loop.call_soon_threadsafe(self._wait, self._loop, go, was_late)

    def _wait(
        self, loop: asyncio.AbstractEventLoop, go: Callable[[bool], None], was_late: bool
    ) -> None:
        wait_s = self._rate.wait_s(now=loop.time(), was_late=was_late)
        if wait_s is None:
            go(False)
        else:
            loop.call_later(wait_s, go, True)
