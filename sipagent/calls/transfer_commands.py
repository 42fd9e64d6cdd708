"""What the policies of transfers ask for. Imperative, frozen; drivers carry them out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .transfer_outcome import Outcome


@dataclass(frozen=True, slots=True)
class SendRefer:
    """Ask the caller's telephone to call somebody else."""

    target_uri: str


@dataclass(frozen=True, slots=True)
class AnswerTransfer:
    """Tell the agent what became of the transfer it asked for."""

    text: str
    outcome: Outcome
    status: int = 0
    """Of SIP, where one told it."""


@dataclass(frozen=True, slots=True)
class EndTransferred:
    """End the call: the caller talks to somebody else, or has."""

    target: str
    """Its name."""


@dataclass(frozen=True, slots=True)
class HoldCaller:
    """Let the caller hear music, and the agent nothing."""


@dataclass(frozen=True, slots=True)
class ResumeCaller:
    """Let caller and agent talk again."""


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Call the target ourselves, and have its briefing made meanwhile."""

    target: str
    briefing: str


@dataclass(frozen=True, slots=True)
class BriefTarget:
    """Let the target hear what it is about."""


@dataclass(frozen=True, slots=True)
class SendReplaces:
    """Ask the caller's telephone to take our call to the target over (RFC 3891)."""


@dataclass(frozen=True, slots=True)
class JoinLegs:
    """Let caller and target talk through us; the agent leaves."""


@dataclass(frozen=True, slots=True)
class EndConsult:
    """End our call to the target."""


TransferCommand: TypeAlias = SendRefer | AnswerTransfer | EndTransferred
AttendedCommand: TypeAlias = (
    AnswerTransfer
    | EndTransferred
    | HoldCaller
    | ResumeCaller
    | CallTarget
    | BriefTarget
    | SendReplaces
    | JoinLegs
    | EndConsult
)
