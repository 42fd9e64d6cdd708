"""The figures of a leg's line, as a fact."""

from __future__ import annotations

from sipagent.audio.loudness import Loudness
from sipagent.sip.call import SipCall

from . import facts
from .mos import PACKETISATION_MS, LineFigures, mos

PEER_BUFFER_MS = 40.0
"""What the peer's jitter buffer is taken to add; nobody tells."""


def line_measured(leg: SipCall, inbound: Loudness, outbound: Loudness) -> facts.LineMeasured:
    """Return how the line of ``leg`` was.

    Args:
        leg: Of the call.
        inbound: What came.
        outbound: What went out.
    """
    stats, media = leg.stats(), leg.media
    way_ms = stats.rtt_ms / 2 + PACKETISATION_MS
    came = LineFigures(
        stats.packets_in + stats.lost_in,
        stats.lost_in + stats.discarded_in,
        way_ms + stats.jitter_buffer_ms,
    )
    sent = LineFigures(stats.packets_out, stats.lost_out, way_ms + PEER_BUFFER_MS)
    return facts.LineMeasured(
        packets_in=stats.packets_in,
        packets_out=stats.packets_out,
        lost_in=stats.lost_in,
        lost_out=stats.lost_out,
        discarded_in=stats.discarded_in,
        jitter_ms=stats.jitter_ms,
        jitter_buffer_ms=stats.jitter_buffer_ms,
        rtt_ms=stats.rtt_ms,
        mos_in=round(mos(came), 2) if stats.packets_in else None,
        mos_out=round(mos(sent), 2) if stats.reports_in else None,
        level_in_dbov=_level(inbound),
        level_out_dbov=_level(outbound),
        clipped_in_percent=round(inbound.clipped_percent, 2),
        frames_starved=media.starved_frames if media is not None else 0,
        frames_dropped=media.dropped_frames if media is not None else 0,
    )


def line_seen(line: facts.LineMeasured) -> facts.LineSeen:
    """Return what of ``line`` is told while the call lasts."""
    return facts.LineSeen(
        line.packets_in,
        line.packets_out,
        line.lost_in,
        line.lost_out,
        round(line.jitter_ms, 1),
        round(line.rtt_ms, 1),
        line.mos_in,
        line.mos_out,
    )


def _level(loudness: Loudness) -> float | None:
    return round(loudness.level_dbov, 1) if loudness.sound_frames else None
