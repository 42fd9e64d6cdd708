"""Filler: what the caller hears while there is no session.

A session that is lost is usually replaced before anybody notices, and a clipped word is worse than
a short silence. So what was queued is heard first, then it is silent for a moment, then it begins.

    OFF       --lost-->           DRAINING   what the agent said is still being heard
    DRAINING  --fell silent-->    PAUSING
    PAUSING   --FILLER_AFTER_S--> PLAYING    play it
    PLAYING   --played-->         PLAYING    play it again: it ends with a pause of its own
    any       --stopped-->        OFF        flush it

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from enum import Enum, auto

FILLER_ITEM = "filler"

FILLER_AFTER_S = 0.3
"""Of silence: less than a caller takes for the end of the call, more than most reconnects take."""


class _State(Enum):
    OFF = auto()
    DRAINING = auto()
    PAUSING = auto()
    PLAYING = auto()


class Filler:
    """Decide when it is played; play nothing."""

    def __init__(self) -> None:
        self._state = _State.OFF
        self._due_at: float | None = None

    @property
    def is_playing(self) -> bool:
        """Tell whether it was begun, and not stopped."""
        return self._state is _State.PLAYING

    def deadline(self) -> float | None:
        """Return when :meth:`is_due` holds, or None."""
        return self._due_at

    def lost(self, *, is_silent: bool, now: float) -> None:
        """Note that there is no session; ``is_silent``: and nothing left to be heard."""
        if self._state is _State.OFF:
            self._state = _State.DRAINING
            if is_silent:
                self.fell_silent(now)

    def fell_silent(self, now: float) -> None:
        """Note that everything queued was heard."""
        if self._state is _State.DRAINING:
            self._state, self._due_at = _State.PAUSING, now + FILLER_AFTER_S

    def is_due(self, now: float) -> bool:
        """Tell whether to play it, now for the first time."""
        if self._due_at is None or now < self._due_at:
            return False
        self._state, self._due_at = _State.PLAYING, None
        return True

    def stop(self) -> bool:
        """Note that it is not wanted any more; return whether it is being heard."""
        was_playing = self.is_playing
        self._state, self._due_at = _State.OFF, None
        return was_playing
