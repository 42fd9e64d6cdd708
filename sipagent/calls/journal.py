"""What is kept of attached calls beyond a crash: which there are, who speaks, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]


class AttachedState(StrEnum):
    """How far a call has come."""

    NEW = "new"
    """Its webhook came; nothing is decided."""
    ACCEPTED = "accepted"
    """It is alive at the provider, as far as we know."""
    ENDED = "ended"
    """Refused, referred or over."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One call of the provider's."""

    realtime_call_id: str
    state: AttachedState
    sip_headers: tuple[tuple[str, str], ...]
    """Of its INVITE, in order."""
    received_at: float
    """Unix seconds of the webhook."""
    call_id: str = ""
    """Ours; empty until it was accepted."""
    plan: str = ""
    agent: str = ""
    """Who spoke last."""
    history: tuple[Json, ...] = ()
    """Items of the conversation, in order, without audio."""

    @property
    def extra(self) -> dict[str, str]:
        """What is noted of it in its record, by whoever has it from here."""
        return {"resumed": "true"} if self.state is AttachedState.ACCEPTED else {}

    def talked_s(self, unix_s: float) -> float:
        """Return for how long it has lasted if somebody had it before; 0 of one that is new."""
        if self.state is not AttachedState.ACCEPTED:
            return 0.0
        return max(0.0, unix_s - self.received_at)


class CallJournal(Protocol):
    """Keeps entries; every method may raise ``JournalError``, and then nothing was written."""

    async def waiting(self) -> Sequence[JournalEntry]:
        """Return the entries nothing was decided about, oldest first."""

    async def alive(self) -> Sequence[JournalEntry]:
        """Return the entries that were accepted and have not ended, oldest first."""

    async def accepted(self, realtime_call_id: str, *, call_id: str, plan: str) -> None:
        """Note that a call was accepted."""

    async def save(self, realtime_call_id: str, *, agent: str, history: Sequence[Json]) -> None:
        """Note who speaks and what was said."""

    async def ended(self, realtime_call_id: str) -> None:
        """Note that a call is over."""
