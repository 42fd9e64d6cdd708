"""What can happen to a call, seen by its controller. Past tense, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .termination import Reason


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The dialplan chose a plan for the INVITE."""


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The realtime endpoint confirmed our session configuration."""


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """The realtime session could not be opened, or was lost."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class LegConfirmed:
    """ACK arrived: the caller hears us."""


@dataclass(frozen=True, slots=True)
class LegDisconnected:
    """The leg is gone."""

    status: int
    """Status of the INVITE transaction, 200 when it had been answered."""
    by_peer: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    """Somebody wants the call to end once the last words are out."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AgentFellSilent:
    """Everything queued was played, and no response is being made."""


@dataclass(frozen=True, slots=True)
class ApologyPlayed:
    """The apology was played to its end."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline asked for has passed."""


CallEvent: TypeAlias = (
    CallStarted
    | SessionReady
    | SessionFailed
    | LegConfirmed
    | LegDisconnected
    | HangUpRequested
    | AgentFellSilent
    | ApologyPlayed
    | TimerFired
)
