"""What a leg tells: signalling events and media facts. Past tense, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from .headers import Invite

if TYPE_CHECKING:
    from .call import SipCall

KeyWay: TypeAlias = Literal["rfc4733", "info"]
"""How keys of ours are sent."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """A provisional response came (outgoing leg)."""

    status: int


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """Offer and answer agree; ``SipCall.media`` is there. Told once, however often it restarts."""

    codec: str
    rate_hz: int
    """Of the frames of ``SipCall.media``; it stays, whatever a re-INVITE agrees on."""
    srtp: str = ""
    """How the keys of its encryption were agreed on, ``SDES`` or ``DTLS``; empty: none."""


@dataclass(frozen=True, slots=True)
class CodecChanged:
    """A re-INVITE agreed on another codec; ``SipCall.media`` goes on as it was."""

    codec: str


@dataclass(frozen=True, slots=True)
class Held:
    """The peer put us on hold (RFC 3264 section 8.4): nothing is played until it resumes."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The peer hears us again."""


@dataclass(frozen=True, slots=True)
class WeHeld:
    """The peer agreed to wait (``SipCall.hold``): it hears what we play, and is not heard."""


@dataclass(frozen=True, slots=True)
class WeResumed:
    """The peer agreed to talk again (``SipCall.resume``)."""


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """The peer did not agree; all is as it was."""

    status: int
    """Of its response; 481 where there is no dialog, 488 where there is no media."""
    was_hold: bool
    """Whether it was asked to wait, or to talk again."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """ACK was received or sent."""


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """A digit, whatever way it came."""

    digit: str
    duration_ms: int
    """As far as it is known when the digit is told; 0 when it is not."""
    method: str
    """``rfc4733`` or ``info`` (RFC 6086)."""


@dataclass(frozen=True, slots=True)
class DigitsRefused:
    """Digits of ours were not sent, or the peer would not have them."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReferProgressed:
    """How our REFER goes (RFC 3515): the peer's NOTIFYs, or why there will be none."""

    status: int
    """Of the peer's call to the target, of the peer's refusal, 408 when nothing was heard."""
    is_final: bool
    """Nothing more is told of it. What becomes of the leg is for whoever asked to decide."""


@dataclass(frozen=True, slots=True)
class ReferRequested:
    """The peer sent a REFER."""

    target_uri: str
    """Empty when it was no URI."""
    is_followed: bool = False
    """Whether we call the target; else it was refused."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The peer sent a REFER, and we call its target; how that goes the peer is told by NOTIFY."""

    target_uri: str
    leg: SipCall
    """The new leg. The old one goes on until somebody ends it, usually the peer."""


@dataclass(frozen=True, slots=True)
class PeerReplaced:
    """Somebody else is at the other end of the leg: it was taken over, or we were sent there.

    The leg goes on as it was, with its media port.
    """

    invite: Invite
    """Of the new dialog."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The leg is gone; always its last event."""

    status: int
    """Status of the INVITE transaction, 200 when it had been answered."""
    reason: str
    by_peer: bool
    reason_header: str = ""
    """Of the peer's last message (RFC 3326), such as ``Q.850;cause=17``; ``""``: it had none."""
    is_media_fault: bool = False
    """Whether we ended it because the peer could never be heard; ``reason`` says why."""


SipEvent: TypeAlias = (
    Progressed
    | MediaStarted
    | CodecChanged
    | Held
    | Resumed
    | WeHeld
    | WeResumed
    | HoldRefused
    | Confirmed
    | DtmfReceived
    | DigitsRefused
    | ReferProgressed
    | ReferRequested
    | Transferred
    | PeerReplaced
    | Disconnected
)


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
    """A request, mostly an INVITE, that never became a leg."""

    status: int
    """0: it was not answered."""
    reason: str
    caller_user: str
    called_user: str
    sip_call_id: str
    source_address: str
    findings: tuple[str, ...] = ()
    """What is unusual about it, by the names of :mod:`.interop`."""
    why: str = ""
    """What is counted and logged; ``""``: the status says it."""


def refused(status: int, reason: str, invite: Invite) -> Refused:
    """Tell that ``invite`` was refused."""
    return Refused(
        status,
        reason,
        invite.caller_user,
        invite.called_user,
        invite.sip_call_id,
        invite.source_address,
        invite.findings,
    )


@dataclass(frozen=True, slots=True)
class LineStats:
    """Media figures of a leg; packets as RTP counts them (RFC 3550 section 6.4)."""

    packets_in: int = 0
    packets_out: int = 0
    lost_in: int = 0
    lost_out: int = 0
    """As the peer reports it."""
    discarded_in: int = 0
    """Packets that came, but too late or too early for the jitter buffer."""
    jitter_ms: float = 0.0
    """Mean interarrival jitter of what came in."""
    rtt_ms: float = 0.0
    """Mean round trip, 0.0 when the peer sends no RTCP reports."""
    reports_in: int = 0
    """RTCP reports of the peer's on what we send: it is there, whether or not it sends RTP."""
    jitter_buffer_ms: int = 0
    """Mean delay the jitter buffer added."""
    empty_frames: int = 0
    """For which no packet that could be decoded was there."""
    rtp_source: str = ""
    """Where packets come from, ``address:port``; ``""``: none has come."""
    rtp_target: str = ""
    """Where the peer said its media is."""
    is_peer_sending: bool = True
    """False: it only listens (``a=recvonly``, RFC 3264 section 5.1), or nobody sends anything."""
