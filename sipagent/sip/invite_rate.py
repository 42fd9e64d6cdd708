"""How many INVITEs per moment PJSIP can take. Pure.

Every new INVITE opens two media sockets for each of its audio sections, before anybody asks what
becomes of it, and so does every further section of an offer inside a dialog. PJSIP holds 64
sockets (``PJ_IOQUEUE_MAX_HANDLES``) and keeps a closed one's place for half a second
(``PJ_IOQUEUE_KEY_FREE_DELAY``); one more is an assertion, which ends the process and every call in
it. 4 calls, SIP itself, 16 INVITEs, 4 of ours and 4 more because of a REFER within that time stay
below.

What comes too fast is refused, and so is an offer of more media than anybody needs (488, RFC 3261
section 21.4.26); what we send ourselves waits for its turn.
"""

from __future__ import annotations

from collections import deque

from .requests import Answer, Request

WINDOW_S = 0.75
INVITES_PER_WINDOW = 16
DIALS_PER_WINDOW = 4
REFERS_PER_WINDOW = 4
RETRY_AFTER_S = 1

MAX_MEDIA_SECTIONS = 4
"""Of an offer. A telephone offers audio once, or twice (plain and encrypted), and video."""
WITH_OFFERS = frozenset({"INVITE", "UPDATE", "PRACK"})

LONGEST_WAIT_S = 2.0
"""For a turn to dial: whoever asked is waiting."""


class InviteRate:
    """Admit at most ``per_window`` in any ``WINDOW_S``."""

    def __init__(self, per_window: int = INVITES_PER_WINDOW) -> None:
        self._admitted: deque[float] = deque(maxlen=per_window)

    def admits(self, count: int = 1, *, now: float) -> bool:
        """Tell whether ``count`` more may come at ``now``, monotonic seconds; if so, count them."""
        leaving = len(self._admitted) + count - (self._admitted.maxlen or 0)
        if leaving > 0 and now - self._admitted[leaving - 1] < WINDOW_S:
            return False
        self._admitted.extend([now] * count)
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
    """Decides on offers of media that are more than PJSIP can take."""

    def __init__(self) -> None:
        self._rate = InviteRate()

    def at_the_door(self, request: Request) -> Answer | None:
        """Refuse what offers too much, in a dialog or not, and too much of it in dialogs."""
        if request.method not in WITH_OFFERS:
            return None
        if len(request.media) > MAX_MEDIA_SECTIONS:
            return Answer(488, why="too_much_media")
        further = request.media.count("audio") - 1
        return self._paced(further, request.at) if request.is_in_dialog and further > 0 else None

    def at_the_desk(self, request: Request) -> Answer | None:
        """Refuse new INVITEs that come too fast."""
        if request.method != "INVITE":
            return None
        return self._paced(max(1, request.media.count("audio")), request.at)

    def _paced(self, sections: int, now: float) -> Answer | None:
        if self._rate.admits(sections, now=now):
            return None
        return Answer(503, (("Retry-After", str(RETRY_AFTER_S)),), "flood")
