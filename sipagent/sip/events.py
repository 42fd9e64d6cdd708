"""What a leg tells: signalling events and media facts. Past tense, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progressed:
    """A provisional response came (outgoing leg)."""

    status: int


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """Offer and answer agree; ``SipCall.media`` is there. Comes again after a re-INVITE."""

    codec: str
    rate_hz: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """ACK was received or sent."""


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """A digit, whatever way it came."""

    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The leg is gone; always its last event."""

    status: int
    """Status of the INVITE transaction, 200 when it had been answered."""
    reason: str
    by_peer: bool


SipEvent: TypeAlias = Progressed | MediaStarted | Confirmed | DtmfReceived | Disconnected


@dataclass(frozen=True, slots=True)
class FirstFramePlayed:
    """The first frame of an item was handed to the conference."""

    item_id: str
    at: float
    """Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class ItemPlayed:
    """The last sample of an item was handed to the conference."""

    item_id: str
    at: float
    """Monotonic seconds."""


MediaFact: TypeAlias = FirstFramePlayed | ItemPlayed


@dataclass(frozen=True, slots=True)
class Refused:
    """An INVITE that never became a leg."""

    status: int
    reason: str
    caller_user: str
    called_user: str
    sip_call_id: str
    source_address: str


@dataclass(frozen=True, slots=True)
class LineStats:
    """Media figures of a leg; packets as RTP counts them (RFC 3550 section 6.4)."""

    packets_in: int = 0
    packets_out: int = 0
    lost_in: int = 0
    lost_out: int = 0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
