"""What can happen to an attached call, seen by its controller. Past tense, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .events import (
    AgentFellSilent,
    CallStarted,
    HangUpRequested,
    SessionFailed,
    SessionReady,
    TimerFired,
    TransferProgressed,
    TransferRequested,
)
from .termination import Reason


@dataclass(frozen=True, slots=True)
class CallResumed:
    """The call was accepted by a process before this one, and may still be alive."""

    talked_s: float
    """Since then."""


@dataclass(frozen=True, slots=True)
class CallAccepted:
    """The provider answered the caller, with our session."""


@dataclass(frozen=True, slots=True)
class AttachFailed:
    """There is no socket to the session; another attempt may have one."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """The provider says that the call is over, or was before we asked."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CallReleased:
    """Our request to end the call was answered, or given up."""


@dataclass(frozen=True, slots=True)
class DetachRequested:
    """This process ends; the call is to go on without it."""


AttachedEvent: TypeAlias = (
    CallStarted
    | CallResumed
    | CallAccepted
    | SessionReady
    | AttachFailed
    | SessionFailed
    | HangUpRequested
    | TransferRequested
    | TransferProgressed
    | AgentFellSilent
    | CallOver
    | CallReleased
    | DetachRequested
    | TimerFired
)
