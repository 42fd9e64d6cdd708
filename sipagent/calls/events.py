"""What can happen to a call, seen by its controller. Past tense, frozen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sipagent.operator_acts import ActAnswer, OperatorAct

from .callee_ear import CalleeSound
from .collecting import FieldSettings
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
class LegProgressed:
    """A provisional response to our INVITE came."""

    status: int


@dataclass(frozen=True, slots=True)
class LegConfirmed:
    """The ACK is through and there is media: both sides hear each other."""


@dataclass(frozen=True, slots=True)
class LegDisconnected:
    """The leg is gone."""

    status: int
    """Status of the INVITE transaction, 200 when it had been answered."""
    by_peer: bool
    detail: str = ""
    is_media_fault: bool = False
    """Whether it ended because the peer could never be heard."""


@dataclass(frozen=True, slots=True)
class CalleeHeard:
    """The first seconds of the callee's audio showed something."""

    sound: CalleeSound


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    """Somebody wants the call to end once the last words are out."""

    reason: Reason
    detail: str = ""
    lets_finish: bool = False
    """Whether last words are heard where the reason alone would not let them."""


@dataclass(frozen=True, slots=True)
class AgentFellSilent:
    """Everything queued was played, and no response is being made."""


@dataclass(frozen=True, slots=True)
class AnnouncementPlayed:
    """The announcement was played to its end."""


@dataclass(frozen=True, slots=True)
class MediaBegan:
    """Sound can go both ways, answered or not."""


@dataclass(frozen=True, slots=True)
class EarlyMediaPlayed:
    """What is played before the answer was played to its end."""


@dataclass(frozen=True, slots=True)
class EarlyMediaWritten:
    """Nothing that was heard before the answer waits to be written down."""


@dataclass(frozen=True, slots=True)
class ApologyPlayed:
    """The apology was played to its end."""


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """The agent wants the caller to talk to somebody else."""

    target: str
    """A name of the plan's."""
    briefing: str = ""
    """What the target is to be told first."""
    uri: str = ""
    """Of somebody whom the plan does not know; ``target`` is their name here."""


@dataclass(frozen=True, slots=True)
class TransferProgressed:
    """The caller's telephone told how far it is with the other call, or would not place it."""

    status: int
    """Of the other call (RFC 3515 section 2.4.5), or of the REFER that was refused."""
    is_final: bool


@dataclass(frozen=True, slots=True)
class ConsultAnswered:
    """The target of an attended transfer answered our call to it."""


@dataclass(frozen=True, slots=True)
class ConsultEnded:
    """Our call to the target is over, or came to nothing."""

    status: int
    """Of its INVITE; 200 when it had been answered, 0 when it could not be sent."""


@dataclass(frozen=True, slots=True)
class BriefingPlayed:
    """The target heard what it is about."""


@dataclass(frozen=True, slots=True)
class ConsultKeyPressed:
    """The target pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class DigitsWanted:
    """The agent asked for a number that the caller is to key in."""

    field: FieldSettings
    waiting: asyncio.Future[str]
    """Is told what the model is told of it."""


@dataclass(frozen=True, slots=True)
class OperatorWished:
    """A person on duty wants something done."""

    act: OperatorAct
    by: str
    """Who."""
    answer: asyncio.Future[ActAnswer]
    """Is told whether it is done."""


class Listener(Protocol):
    """Somebody who listens in to the call."""

    @property
    def is_gone(self) -> bool:
        """Tell whether they listen no more."""

    def hear(self, pcm: bytes) -> None:
        """Take what was heard: 16-bit little endian at 8 kHz, caller left, agent right."""

    def end(self) -> None:
        """Know that there is nothing more to hear."""


@dataclass(frozen=True, slots=True)
class ListenWished:
    """A person on duty wants to listen in."""

    by: str
    """Who."""
    listener: Listener
    answer: asyncio.Future[ActAnswer]
    """Is told whether they do."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline asked for has passed."""


ConsultEvent: TypeAlias = ConsultAnswered | ConsultEnded | BriefingPlayed | ConsultKeyPressed
TransferEvent: TypeAlias = (
    TransferRequested | AgentFellSilent | TransferProgressed | TimerFired | ConsultEvent
)

CallEvent: TypeAlias = (
    CallStarted
    | SessionReady
    | SessionFailed
    | LegProgressed
    | CalleeHeard
    | LegConfirmed
    | LegDisconnected
    | HangUpRequested
    | AnnouncementPlayed
    | DigitsWanted
    | OperatorWished
    | ListenWished
    | MediaBegan
    | EarlyMediaPlayed
    | EarlyMediaWritten
    | ApologyPlayed
    | TransferEvent
)
