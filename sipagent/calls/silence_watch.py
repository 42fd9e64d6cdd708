"""When to ask a silent caller whether they are there, and when to give up on them.

    QUIET  --silence_s elapses--> asked     at most ``prompts`` times, then given up
    any    --stirred-->           QUIET     the caller said or pressed something: all anew

The clock runs only while it is quiet: nobody speaks, no tool works, nobody is on hold. What the
agent asks is no silence either, so it runs again once that was heard.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from enum import Enum, auto


class Silence(Enum):
    """What to do about it."""

    ASK = auto()
    GIVE_UP = auto()


class SilenceWatch:
    """Count silences.

    Args:
        silence_s: How long one is; 0: nobody minds.
        prompts: How many are asked about.
    """

    def __init__(self, silence_s: float, prompts: int) -> None:
        self._silence_s, self._prompts = silence_s, prompts
        self._asked = 0
        self._since: float | None = None

    def look(self, *, is_quiet: bool, now: float) -> None:
        """Note whether it is quiet now."""
        if not is_quiet:
            self._since = None
        elif self._since is None:
            self._since = now

    def stirred(self, now: float) -> None:
        """Note that the caller is there."""
        self._asked = 0
        if self._since is not None:
            self._since = now

    def deadline(self) -> float | None:
        """Return when :meth:`due` says something, or None."""
        return None if self._since is None or not self._silence_s else self._since + self._silence_s

    def due(self, now: float) -> Silence | None:
        """Return what to do about the silence that has lasted until now; the clock starts anew."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        self._since = now  # an answer that never comes must not silence this for good
        if self._asked >= self._prompts:
            return Silence.GIVE_UP
        self._asked += 1
        return Silence.ASK
