"""The last words of a call that we end: asked for, heard to their end, and then it is over.

    IDLE    --begin-->             WAITING   the agent is still saying something else
    IDLE    --begin, is silent-->  ASKED     say them
    WAITING --fell silent-->       ASKED     say them
    ASKED   --response started-->  SAYING
    SAYING  --fell silent-->       OVER      end the call
    any     --limit_s elapses-->   OVER      the same
    any     --called off-->        IDLE      the caller is there after all

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from enum import Enum, auto


class LastWords(Enum):
    """What to do."""

    SAY = auto()
    END = auto()


class _State(Enum):
    IDLE = auto()
    WAITING = auto()
    ASKED = auto()
    SAYING = auto()
    OVER = auto()


class Farewell:
    """Decide when the last words are said, and when they have been.

    Args:
        limit_s: How long all of it may take.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._state = _State.IDLE
        self._ends_at: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether the call is about to end."""
        return self._state is not _State.IDLE

    def begin(self, *, is_silent: bool, now: float) -> LastWords | None:
        """Note that the call shall end; return what to do now."""
        self._state, self._ends_at = _State.WAITING, now + self._limit_s
        return self.fell_silent() if is_silent else None

    def call_off(self) -> None:
        """Note that the call shall not end."""
        self._state, self._ends_at = _State.IDLE, None

    def response_started(self) -> None:
        """Note that the agent begins to speak."""
        if self._state is _State.ASKED:
            self._state = _State.SAYING

    def fell_silent(self) -> LastWords | None:
        """Note that all the agent said was heard; return what to do now."""
        match self._state:
            case _State.WAITING:
                self._state = _State.ASKED
                return LastWords.SAY
            case _State.SAYING:
                return self._over()
            case _:
                return None

    def deadline(self) -> float | None:
        """Return when :meth:`due` says something, or None."""
        return self._ends_at

    def due(self, now: float) -> LastWords | None:
        """Return that the call ends now, if it took too long."""
        return self._over() if self._ends_at is not None and now >= self._ends_at else None

    def _over(self) -> LastWords:
        self._state, self._ends_at = _State.OVER, None
        return LastWords.END
