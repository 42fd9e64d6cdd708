"""How many sockets there may be, and who may have some: one account for all who open any. Pure.

PJSIP has two tables of 64 sockets (``PJ_IOQUEUE_MAX_HANDLES``), one for signalling and one for
media, and keeps the place of a closed one for half a second (``PJ_IOQUEUE_KEY_FREE_DELAY``). A
table that is full refuses; one that is full because of closed sockets is an assertion, which ends
the process and every call in it. So neither may ever be asked for more than it has:

    media       2 for each audio section of the calls there are            4 * 4 * 2 = 32
                2 for each section in any window, whatever became of it    10 + 4 + 2 = 16, * 2 = 32
    signalling  listening                                                             3
                connections, opened in a window, closed in a window                  40
                let in by the kernel before the door was shut                         5
                let in to TLS at once, as many as the kernel has wait                 6

Nobody's share is another's, so that no flood of INVITEs keeps calls of ours from being placed.
Runs on the PJSIP thread; ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

PLACES = 64
WINDOW_S = 0.75
"""How long a closed socket counts; longer than it does, since clocks and threads are late."""

MAX_MEDIA_SECTIONS = 4
"""Of an offer. A telephone offers audio once, or twice (plain and encrypted), and video."""
MOST_CALLS = 4
"""Of a build with tables of this size; whoever builds more calls, builds larger tables."""
SOCKETS_PER_SECTION = 2

INVITES_PER_WINDOW = 10
DIALS_PER_WINDOW = 4
REFERS_PER_WINDOW = 2

MOST_CONNECTIONS = 40


class Share(Enum):
    """Who opens media sockets; its audio sections in any window."""

    INVITE = INVITES_PER_WINDOW
    """What comes: new INVITEs, and offers in calls."""
    DIAL = DIALS_PER_WINDOW
    REFER = REFERS_PER_WINDOW
    """Calls that a peer sends us to."""


class MediaBudget:
    """Account for sockets of media."""

    def __init__(self) -> None:
        self._admitted = {share: deque[float](maxlen=share.value) for share in Share}

    def admits(self, share: Share, sections: int = 1, *, now: float) -> bool:
        """Tell whether ``sections`` more may be opened; if so, count them."""
        admitted = self._admitted[share]
        leaving = len(admitted) + sections - share.value
        if sections > share.value or (leaving > 0 and now - admitted[leaving - 1] < WINDOW_S):
            return False
        admitted.extend([now] * sections)
        return True


class ConnectionBudget:
    """Account for connections, whoever opened them.

    They are counted from outside, now and then. One that comes and goes in between is known as it
    was asked for, or, if somebody else opened it, by the door that let it in.
    """

    def __init__(self) -> None:
        self._count = 0
        self._asked: dict[str, float] = {}
        self._closed: deque[tuple[float, int]] = deque()

    def counted(self, count: int, *, now: float) -> None:
        """Note how many there are."""
        if count < self._count:
            self._closed.append((now, self._count - count))
        self._count = count

    def taken(self, *, now: float) -> int:
        """Return how many places are taken, or may be."""
        while self._closed and now - self._closed[0][0] >= WINDOW_S:
            self._closed.popleft()
        self._asked = {to: at for to, at in self._asked.items() if now - at < WINDOW_S}
        return self._count + len(self._asked) + sum(closed for _, closed in self._closed)

    def admits(self, address: str, *, now: float) -> bool:
        """Tell whether PJSIP may connect to ``address``; if so, count it.

        One that was just asked for is the same connection, or has its place still.
        """
        taken = self.taken(now=now)
        if address in self._asked:
            return True
        if taken >= MOST_CONNECTIONS:
            return False
        self._asked[address] = now
        return True
