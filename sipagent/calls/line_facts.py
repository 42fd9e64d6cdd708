"""What happened on the line of a call; see ``facts``."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Of what the caller hears."""
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
