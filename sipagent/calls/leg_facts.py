"""What happened on the leg of a call, beside what was said; see ``facts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class InteropFound:
    """Something was unusual about the INVITE."""

    names: tuple[str, ...]
    """As ``sip.interop`` has them."""


@dataclass(frozen=True, slots=True)
class CalleeRang:
    """The first provisional response to our INVITE came."""

    status: int


@dataclass(frozen=True, slots=True)
class CalleeDetected:
    """Who answered our call, by their first seconds; a later fact corrects an earlier one."""

    kind: Literal["human", "machine", "fax", "screening"]
    """``screening``: a machine that asks who calls, and why."""
    greeting_ms: int
    """How long they spoke before it was clear; 0: they said nothing."""
    beep_ms: int | None = None
    """From the answer to the end of a machine's beep; None: none was heard."""


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The other side put the call on hold (RFC 3264 section 8.4)."""


@dataclass(frozen=True, slots=True)
class CallResumed:
    """The other side is back, or the call ended while it was on hold."""

    held_ms: int


@dataclass(frozen=True, slots=True)
class PeerChanged:
    """Somebody else is at the other end of the leg: a peer transferred us, or was replaced."""

    sip_call_id: str
    """Of the dialog the leg has now."""
    caller: str
    """Who is there: the user part of their From, or of the URI that a REFER had us call."""


@dataclass(frozen=True, slots=True)
class TransferStarted:
    """The caller's telephone is asked to call somebody else, or the target is called by us."""

    target: str
    """A name of the plan's."""
    mode: Literal["blind", "attended"]


@dataclass(frozen=True, slots=True)
class TargetDialled:
    """The target of an attended transfer was sent an INVITE."""

    sip_call_id: str
    """Of that dialog."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """What came of a wish to transfer the caller; also of one that never started."""

    target: str
    mode: Literal["blind", "attended"]
    outcome: str
    """See ``transfer_outcome.Outcome``."""
    status: int
    """Of SIP, where one told it, else 0."""
    ms: int
    """From its start to the outcome; 0 if it never started."""
    briefed_by: Literal["", "agent", "local"] = ""
    """In whose voice the target was told what it is about: the agent's, or the local one's."""


RecordingConsent: TypeAlias = Literal["none", "announced", "tool", "key"]
"""How a recording was agreed on; ``none``: nobody was told or asked."""


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The call is recorded from now on; whoever finds no ``CallRecorded`` finds the file by it."""

    path: str
    """Of the file while it is written: it ends in ``.part``."""
    consent: RecordingConsent


@dataclass(frozen=True, slots=True)
class CallRecorded:
    """The recording is written, as far as it could be."""

    path: str
    consent: RecordingConsent
    duration_ms: int
    sha256: str
    """Of the file, in hexadecimal; ``""`` when it could not be completed."""
    paused: tuple[tuple[int, int], ...] = ()
    """Spans of it that are silent because it was paused, in milliseconds."""
    error: str = ""
    """Why it is not complete; ``path`` then ends in ``.part``."""


@dataclass(frozen=True, slots=True)
class LineMeasured:
    """Quality of the leg's media, at the end of the call."""

    packets_in: int = 0
    packets_out: int = 0
    lost_in: int = 0
    lost_out: int = 0
    discarded_in: int = 0
    """Came too late or too early to be played."""
    jitter_ms: float = 0.0
    jitter_buffer_ms: int = 0
    rtt_ms: float = 0.0
    mos_in: float | None = None
    """Of what we hear, by ITU-T G.107; None: nothing came."""
    mos_out: float | None = None
    """Of what the caller hears; None: the caller's telephone did not report on it (RTCP)."""
    level_in_dbov: float | None = None
    """Mean of what was louder than noise; None: nothing was."""
    level_out_dbov: float | None = None
    clipped_in_percent: float = 0.0
    """Of its samples, as loud as can be."""
    frames_starved: int = 0
    frames_dropped: int = 0


@dataclass(frozen=True, slots=True)
class SilenceNamed:
    """The call is silent, and this is why."""

    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class SilenceOver:
    """A silence that was named has ended."""

    cause: str
    silent_ms: int
