"""The other side on hold: what reaches the agent meanwhile, and what it is told.

RFC 3264 section 8.4. A telephone that holds plays music, and an agent that listens to music answers
it. So nothing of it is heard, the endpoint answers nothing and asks nothing by itself, and the
agent is told when the caller leaves and when they are back.

    TALKING  --Held-->     HELD     note it; the endpoint's idle clock and its own answers stop
    HELD     --Resumed-->  TALKING  note it, let the agent speak if nothing of it waits to be heard

A turn that was begun when the caller left is ended by silence: what was said in it is not lost.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from .facts import CallHeld, CallResumed

HELD_NOTE = "The caller has put the call on hold, and hears nothing now."
RESUMED_NOTE = "The caller is back on the line."


class Hears(Enum):
    """What the agent hears of the other side."""

    ALL = auto()
    SILENCE = auto()
    """As long as the caller's turn is open: it ends the turn."""
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """What a plan says of calls on hold."""

    on_resume: str = ""
    """Instructions of the response when the caller is back; ``""``: the caller speaks first."""
    turn_detection: Mapping[str, Any] | None = None
    """Of the session, as it was set up; None: the endpoint does nothing by itself anyhow."""


@dataclass(frozen=True, slots=True)
class DetectTurns:
    """Have the endpoint decide on turns in another way."""

    turn_detection: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NoteForAgent:
    """Tell the agent something, and ask for no answer."""

    text: str


@dataclass(frozen=True, slots=True)
class HaveAgentSpeak:
    """Ask for a response."""

    instructions: str


@dataclass(frozen=True, slots=True)
class TellHoldFact:
    """Tell what happened."""

    fact: CallHeld | CallResumed


HoldCommand: TypeAlias = DetectTurns | NoteForAgent | HaveAgentSpeak | TellHoldFact


class CallerHold:
    """Decide what a hold means for the agent; carry nothing out."""

    def __init__(self, policy: HoldPolicy) -> None:
        self._policy = policy
        self._held_at: float | None = None
        self._is_talking = self._has_turn = False

    @property
    def is_held(self) -> bool:
        """Tell whether the other side waits."""
        return self._held_at is not None

    @property
    def hears(self) -> Hears:
        """What the agent hears now."""
        if not self.is_held:
            return Hears.ALL
        return Hears.SILENCE if self._has_turn else Hears.NOTHING

    def began_talking(self) -> list[HoldCommand]:
        """Note that the conversation begins: only now is there an agent to be told."""
        self._is_talking = True
        return self._leave() if self.is_held else []

    def turn(self, is_open: bool) -> None:
        """Note that the endpoint heard the caller begin to speak, or end."""
        self._has_turn = is_open

    def session_replaced(self) -> list[HoldCommand]:
        """Note that another session goes on: it was told the conversation, but not to be still."""
        self._has_turn = False
        return self._detection(is_held=True) if self.is_held and self._is_talking else []

    def held(self, *, now: float) -> list[HoldCommand]:
        """Note that the other side has put us on hold; twice is once."""
        if self.is_held:
            return []
        self._held_at = now
        told: list[HoldCommand] = [TellHoldFact(CallHeld())]
        return told + self._leave() if self._is_talking else told

    def resumed(self, *, is_silent: bool, now: float) -> list[HoldCommand]:
        """Note that the other side is back.

        Args:
            is_silent: Whether nothing that the agent said before waits to be heard.
            now: Monotonic seconds.
        """
        told = self.ended(now=now)
        if not told or not self._is_talking:
            return told
        told += [*self._detection(is_held=False), NoteForAgent(RESUMED_NOTE)]
        if is_silent and self._policy.on_resume:
            told.append(HaveAgentSpeak(self._policy.on_resume))
        return told

    def ended(self, *, now: float) -> list[HoldCommand]:
        """Note the end of a hold, or of a call that is on hold."""
        held_at, self._held_at = self._held_at, None
        return [] if held_at is None else [TellHoldFact(CallResumed(round((now - held_at) * 1000)))]

    def _leave(self) -> list[HoldCommand]:
        return [*self._detection(is_held=True), NoteForAgent(HELD_NOTE)]

    def _detection(self, *, is_held: bool) -> list[HoldCommand]:
        usual = self._policy.turn_detection
        if usual is None:
            return []
        if not is_held:
            return [DetectTurns(usual)]
        return [DetectTurns(still(usual))]


def still(turn_detection: Mapping[str, Any]) -> dict[str, Any]:
    """Return how an endpoint decides on turns that answers nothing, and asks nothing, by itself."""
    quiet = {key: None for key in ("idle_timeout_ms",) if turn_detection.get(key) is not None}
    return {**turn_detection, **quiet, "create_response": False}
