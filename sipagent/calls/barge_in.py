"""Barge-in: when does the caller's voice cut the agent off?

A short "mm-hm" is not an interruption, so speech must last ``confirm_ms`` before
it wins the floor.

    CALLER     --AgentAudioStarted-->    AGENT
    CALLER     --CallerSpeechStarted-->  CALLER      and is speaking from here on
    CALLER     --AgentAudioStarted-->    CONTESTED   if the caller is speaking
    AGENT      --CallerSpeechStarted-->  CONTESTED
    CONTESTED  --CallerSpeechStopped-->  AGENT       a backchannel, keep talking
    CONTESTED  --confirm_ms elapses-->   CALLER      flush and truncate
    any        --AgentAudioFinished-->   CALLER

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class AgentAudioStarted:
    """The agent has something to be heard."""


@dataclass(frozen=True, slots=True)
class AgentAudioFinished:
    """The caller heard the last of it."""


@dataclass(frozen=True, slots=True)
class CallerSpeechStarted:
    """The endpoint's VAD heard the caller."""


@dataclass(frozen=True, slots=True)
class CallerSpeechStopped:
    """The endpoint's VAD ended the caller's turn."""


@dataclass(frozen=True, slots=True)
class ConfirmTimerFired:
    """The deadline asked for has passed."""


FloorEvent: TypeAlias = (
    AgentAudioStarted
    | AgentAudioFinished
    | CallerSpeechStarted
    | CallerSpeechStopped
    | ConfirmTimerFired
)


@dataclass(frozen=True, slots=True)
class BargeInSettings:
    """When speech counts as an interruption."""

    is_enabled: bool = True
    confirm_ms: int = 0
    """Continuous caller speech needed; 0 cuts at the first sign of speech."""


class Floor(Enum):
    """Who holds the floor."""

    CALLER = auto()
    AGENT = auto()
    CONTESTED = auto()


class BargeIn:
    """Decide when to stop the agent; carry nothing out."""

    def __init__(self, settings: BargeInSettings) -> None:
        self._settings = settings
        self._deadline: float | None = None
        self._is_caller_speaking = False
        self.floor = Floor.CALLER

    def deadline(self) -> float | None:
        """Return when ``handle(ConfirmTimerFired())`` is due, or None."""
        return self._deadline

    def handle(self, event: FloorEvent, *, now: float) -> bool:
        """Advance on ``event``; return True when the agent must be cut off now."""
        match event:
            case AgentAudioStarted():
                if self.floor is Floor.CALLER:
                    return self._agent_starts(now)
            case AgentAudioFinished():
                self._yield_to(Floor.CALLER)
            case CallerSpeechStarted():
                self._is_caller_speaking = True
                if self.floor is Floor.AGENT:
                    return self._contest(now)
            case CallerSpeechStopped():
                self._is_caller_speaking = False
                if self.floor is Floor.CONTESTED:
                    self._yield_to(Floor.AGENT)
            case ConfirmTimerFired():
                if self._deadline is not None and now >= self._deadline:
                    self._yield_to(Floor.CALLER)
                    return True
        return False

    def _agent_starts(self, now: float) -> bool:
        if self._is_caller_speaking:
            return self._contest(now)
        self._yield_to(Floor.AGENT)
        return False

    def _contest(self, now: float) -> bool:
        if not self._settings.is_enabled:
            self._yield_to(Floor.AGENT)
            return False
        if self._settings.confirm_ms == 0:
            self._yield_to(Floor.CALLER)
            return True
        self.floor = Floor.CONTESTED
        self._deadline = now + self._settings.confirm_ms / 1000
        return False

    def _yield_to(self, floor: Floor) -> None:
        self.floor, self._deadline = floor, None
