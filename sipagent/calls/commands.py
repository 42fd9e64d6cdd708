"""What a call's policies ask for. Imperative, frozen; the driver carries them out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .termination import Termination


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Connect to the realtime endpoint."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Send 180."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Send 183 with our SDP: what is played is heard before the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Send 200."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Send a final failure response."""

    status: int
    phrase: str


@dataclass(frozen=True, slots=True)
class TransferCaller:
    """Ask the caller's telephone to call somebody else; no agent is there any more."""

    target: str
    """Its name."""
    target_uri: str


@dataclass(frozen=True, slots=True)
class StartConversation:
    """Let caller audio through and have the agent greet."""

    greets: bool = True
    """False: the other side speaks first, or is still being listened to."""


@dataclass(frozen=True, slots=True)
class PlayAnnouncement:
    """Play what the plan announces before the conversation."""


@dataclass(frozen=True, slots=True)
class PlayEarlyMedia:
    """Play the plan's file before the answer."""


@dataclass(frozen=True, slots=True)
class StopEarlyMedia:
    """Drop what is left of it."""


@dataclass(frozen=True, slots=True)
class PlayApology:
    """Drop what is queued and play the plan's apology."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Send BYE with a Reason header (RFC 3326)."""

    cause: int
    """Q.850 cause."""
    text: str


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Close the realtime session; what it still sends is dropped."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over: release everything and tell it."""

    termination: Termination


LegCommand: TypeAlias = Ring | Progress | Answer | Refuse | HangUp
"""For the leg alone."""

PromptCommand: TypeAlias = PlayAnnouncement | PlayEarlyMedia | StopEarlyMedia | PlayApology
"""For what is played outside the conversation."""

CallCommand: TypeAlias = (
    LegCommand
    | OpenSession
    | StartConversation
    | PromptCommand
    | TransferCaller
    | CloseSession
    | Finish
)
