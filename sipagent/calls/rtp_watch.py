"""Is there somebody at the other end of the line? RTP, or at least RTCP, says so.

A peer may send no RTP while its party is silent (RFC 3389: comfort noise, or nothing at all); its
RTCP reports come all the same (RFC 3550 section 6.2) and count. On hold nothing needs to come.
Where the whole machine was paused, nothing could come, and whoever is there is heard again soon.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

LOOK_S = 1.0
"""How often the packets are counted."""
LOOKS = 4
"""At least, before a line is dead; what is counted is as old as the look before."""


class RtpWatch:
    """Find out that nothing comes any more.

    Args:
        timeout_s: After how long it counts as lost; 0: never.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._look_s = min(LOOK_S, timeout_s / LOOKS)
        self._look_at: float | None = None
        self._alive_at = 0.0
        self._signs = 0

    def start(self, now: float) -> None:
        """Expect packets from now on: the call was answered, or taken off hold."""
        if self._timeout_s:
            self._look_at, self._alive_at = now + self._look_s, now

    def stop(self) -> None:
        """Expect none: the call is on hold."""
        self._look_at = None

    def deadline(self) -> float | None:
        """Return when to :meth:`look`, or None."""
        return self._look_at

    def is_due(self, now: float) -> bool:
        """Tell whether to look."""
        return self._look_at is not None and now >= self._look_at

    def look(self, signs: int, now: float) -> bool:
        """Return whether the line is dead.

        Args:
            signs: Packets and reports that came since the call began.
            now: Monotonic seconds.
        """
        was_paused = self._look_at is not None and now - self._look_at > self._timeout_s / 2
        if signs != self._signs or was_paused:
            self._signs, self._alive_at = signs, now
        self._look_at = now + self._look_s
        return now - self._alive_at >= self._timeout_s
