"""Filler of a delegation: when does the caller hear that somebody works for them?

A caller who hears nothing for some seconds asks whether anybody is there. But nobody is talked
over: neither the agent, nor the caller, nor the answer when it comes.

    OFF       --began-->              WAITING   for ``FILLER_AFTER_S`` of silence
    WAITING   --floor taken-->        WAITING   nothing is due
    WAITING   --floor free-->         WAITING   due after that silence, if it is time again
    WAITING   --due-->                PLAYING
    PLAYING   --played-->             WAITING   due ``every_s`` after it began
    PLAYING   --caller speaks-->      WAITING   flush it
    PLAYING   --agent's audio comes-> WAITING   flush it
    any       --last one ended-->     ENDING    what plays is heard on, until the answer's audio
    ENDING    --played, audio-->      OFF

Unlike ``outage``, whose filler means that there is no session, this one shares the line with a
conversation that goes on. No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from .outage import FILLER_AFTER_S

DELEGATION_ITEM = "delegation-filler"


class DelegationFiller:
    """Decide when it is played; play nothing.

    Args:
        every_s: From its beginning to its beginning.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._running: set[str] = set()
        self._free_since: float | None = None
        self._again_at = 0.0
        self.is_playing = False

    def deadline(self) -> float | None:
        """Return when :meth:`is_due` holds, or None."""
        if not self._running or self.is_playing or self._free_since is None:
            return None
        return max(self._free_since + FILLER_AFTER_S, self._again_at)

    def began(self, tool_call_id: str) -> None:
        """Note that the caller waits for a delegation."""
        if not self._running:
            self._again_at = 0.0
        self._running.add(tool_call_id)

    def ended(self, tool_call_id: str) -> None:
        """Note that a delegation has its answer, which is spoken next."""
        self._running.discard(tool_call_id)

    def floor(self, *, is_free: bool, now: float) -> None:
        """Note whether nobody speaks or is about to; the filler itself is nobody."""
        if not is_free:
            self._free_since = None
        elif self._free_since is None:
            self._free_since = now

    def is_due(self, now: float) -> bool:
        """Tell whether to play it, now for the first time."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return False
        self.is_playing, self._again_at = True, now + self._every_s
        return True

    def played(self) -> None:
        """Note that it was heard to its end."""
        self.is_playing = False

    def interrupt(self) -> bool:
        """Note that somebody speaks; return whether it is being heard, and must be flushed."""
        was_playing, self.is_playing = self.is_playing, False
        return was_playing

    def forget(self) -> bool:
        """Note that nobody waits any more, whatever ran; return as :meth:`interrupt`."""
        self._running.clear()
        return self.interrupt()
