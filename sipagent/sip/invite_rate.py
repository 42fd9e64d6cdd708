"""How many INVITEs per moment PJSIP can take. Pure.

Every new INVITE opens two media sockets, before anybody asks what becomes of it. PJSIP holds 64
sockets (``PJ_IOQUEUE_MAX_HANDLES``) and keeps a closed one's place for half a second
(``PJ_IOQUEUE_KEY_FREE_DELAY``); one more is an assertion, which ends the process and every call in
it. 4 calls, SIP itself and 20 INVITEs within that time stay below.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 0.75
INVITES_PER_WINDOW = 20


class InviteRate:
    """Admit at most ``INVITES_PER_WINDOW`` in any ``WINDOW_S``."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque(maxlen=INVITES_PER_WINDOW)

    def admits(self, *, now: float) -> bool:
        """Tell whether one more may come in at ``now``, monotonic seconds; if so, count it."""
        is_full = len(self._admitted) == INVITES_PER_WINDOW
        if is_full and now - self._admitted[0] < WINDOW_S:
            return False
        self._admitted.append(now)
        return True
