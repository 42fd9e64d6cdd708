"""How many INVITEs per moment PJSIP can take. Pure.

Every new INVITE opens two media sockets, before anybody asks what becomes of it. PJSIP holds 64
sockets (``PJ_IOQUEUE_MAX_HANDLES``) and keeps a closed one's place for half a second
(``PJ_IOQUEUE_KEY_FREE_DELAY``); one more is an assertion, which ends the process and every call in
it. 4 calls, SIP itself, 16 INVITEs, 4 of ours and 4 more because of a REFER within that time stay
below.

What comes too fast is refused; what we send ourselves waits for its turn.
"""

from __future__ import annotations

from collections import deque

from .requests import Answer, Request

WINDOW_S = 0.75
INVITES_PER_WINDOW = 16
DIALS_PER_WINDOW = 4
REFERS_PER_WINDOW = 4
RETRY_AFTER_S = 1

LONGEST_WAIT_S = 2.0
"""For a turn to dial: whoever asked is waiting."""


class InviteRate:
    """Admit at most ``per_window`` in any ``WINDOW_S``."""

    def __init__(self, per_window: int = INVITES_PER_WINDOW) -> None:
        self._admitted: deque[float] = deque(maxlen=per_window)

    def admits(self, *, now: float) -> bool:
        """Tell whether one more may come in at ``now``, monotonic seconds; if so, count it."""
        is_full = len(self._admitted) == self._admitted.maxlen
        if is_full and now - self._admitted[0] < WINDOW_S:
            return False
        self._admitted.append(now)
        return True


class DialRate:
    """Give each of our own INVITEs its turn: at most ``per_window`` in any ``WINDOW_S``.

    Args:
        per_window: Of them.
        longest_wait_s: More is refused than is sent within this.
    """

    def __init__(
        self, per_window: int = DIALS_PER_WINDOW, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self._turns: deque[float] = deque(maxlen=per_window)
        self._longest_wait_s = longest_wait_s

    def wait_s(self, *, now: float) -> float | None:
        """Return how long the next one waits, and count it; None: it is one too many."""
        turn = now
        if len(self._turns) == self._turns.maxlen:
            turn = max(now, self._turns[0] + WINDOW_S)
        if turn - now > self._longest_wait_s:
            return None
        self._turns.append(turn)
        return turn - now


class InviteFlood:
    """Decides on INVITEs that come faster than PJSIP can take."""

    def __init__(self) -> None:
        self._rate = InviteRate()

    def __call__(self, request: Request) -> Answer | None:
        """Refuse what is too much."""
        if request.method != "INVITE" or self._rate.admits(now=request.at):
            return None
        return Answer(503, (("Retry-After", str(RETRY_AFTER_S)),), "flood")
