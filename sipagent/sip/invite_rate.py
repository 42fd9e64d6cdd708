"""How many INVITEs per moment PJSIP can take. Pure.

Every new INVITE opens two media sockets, before anybody asks what becomes of it. PJSIP holds 64
sockets (``PJ_IOQUEUE_MAX_HANDLES``) and keeps a closed one's place for half a second
(``PJ_IOQUEUE_KEY_FREE_DELAY``); one more is an assertion, which ends the process and every call in
it. 4 calls, SIP itself, 20 INVITEs and 4 of our own because of a REFER within that time stay below.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 0.75
INVITES_PER_WINDOW = 20
REFERS_PER_WINDOW = 4


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
