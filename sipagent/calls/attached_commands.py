"""What an attached call's controller asks for. Imperative, frozen; carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .commands import Finish


@dataclass(frozen=True, slots=True)
class AcceptCall:
    """Have the provider answer the caller, with our session."""


@dataclass(frozen=True, slots=True)
class AttachSession:
    """Open the socket to the session of the call."""


@dataclass(frozen=True, slots=True)
class Greet:
    """Have the agent greet."""


@dataclass(frozen=True, slots=True)
class RejectCall:
    """Have the provider refuse the caller."""

    status: int


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """Have the provider end the call."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Leave the call to whoever takes it up from the journal; tell no end of it."""


AttachedCommand: TypeAlias = (
    AcceptCall | AttachSession | Greet | RejectCall | HangUpCall | LetGo | Finish
)
