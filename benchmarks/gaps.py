"""Whether a stream of RTP is whole: its sequence numbers, timestamps and pace. Pure.

RFC 3550 section 5.1: sequence numbers wrap at 2^16, timestamps at 2^32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .marks import PACKET_SAMPLES
from .rtp import PACKET_S, Packet


@dataclass(frozen=True, slots=True)
class Continuity:
    """What a stream of packets, one a frame, looks like from the first to the last."""

    packets: int
    missing: int
    """Sequence numbers that never came."""
    misplaced: int
    """Packets that came after a later one, or twice."""
    jumps: int
    """Timestamps that are not a frame for each sequence number after the one before."""
    wraps: int
    """Times that the sequence numbers began again at 0."""


def continuity(packets: Sequence[Packet]) -> Continuity:
    """Judge ``packets``, in order of arrival."""
    missing = misplaced = jumps = wraps = 0
    for before, packet in pairwise(packets):
        step = packet.sequence - before.sequence & 0xFFFF
        if step == 0 or step >= 0x8000:
            misplaced += 1
            continue
        missing += step - 1
        wraps += packet.sequence < before.sequence
        elapsed = packet.timestamp - before.timestamp & 0xFFFFFFFF
        jumps += elapsed != step * PACKET_SAMPLES
    return Continuity(len(packets), missing, misplaced, jumps, wraps)


def spacing_errors_ms(packets: Sequence[Packet]) -> tuple[float, ...]:
    """Return how far from 20 ms each packet came after the one before."""
    return tuple(
        abs(packet.at - before.at - PACKET_S) * 1000 for before, packet in pairwise(packets)
    )


def per_second(packets: Sequence[Packet], window_s: float) -> tuple[float, ...]:
    """Return the packets a second in each whole window, from the first packet on."""
    if not packets:
        return ()
    begin = packets[0].at
    counts = [0] * int((packets[-1].at - begin) / window_s)
    for packet in packets:
        window = int((packet.at - begin) / window_s)
        if window < len(counts):
            counts[window] += 1
    return tuple(count / window_s for count in counts)
