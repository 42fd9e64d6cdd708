"""Marks in telephone audio: bursts that are easy to find again, and where voice begins and ends.

Pure: sample positions in, sample positions out. Everything here is 8 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sipagent.audio.frames import FRAME_MS, Pcm, silence
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone

RATE_HZ = 8_000
SAMPLES_PER_MS = RATE_HZ // 1000
PACKET_SAMPLES = FRAME_MS * SAMPLES_PER_MS

MARK_HZ = 1_000.0
MARK_EVERY = 15
"""Packets from one mark to the next: 300 ms, longer than any latency worth measuring."""

LOUD = 4_000
"""A sample above this is a mark or a tone of ours, and not what a filter makes of its edges."""

VOICED_DBOV = -45.0
"""A packet above this has voice in it."""

QUIET_MS = 40
"""This much without a loud sample ends a span."""


_MARK = pcm_to_pcmu(tone(MARK_HZ, FRAME_MS, RATE_HZ, level_dbov=-9.0))
_QUIET = pcm_to_pcmu(silence(PACKET_SAMPLES))


@dataclass(frozen=True, slots=True)
class Span:
    """Sound without a pause; positions in samples."""

    start: int
    end: int
    """Of its last loud sample, plus one."""

    @property
    def length_ms(self) -> float:
        """How long it lasts."""
        return (self.end - self.start) / SAMPLES_PER_MS


def marked(number: int) -> bytes:
    """Return packet ``number`` of a caller who sends a mark in every ``MARK_EVERY`` packets."""
    return _MARK if is_mark(number) else _QUIET


def quiet(_: int) -> bytes:
    """Return a packet of a caller who says nothing."""
    return _QUIET


def is_mark(number: int) -> bool:
    """Tell whether packet ``number`` of a marked stream carries a mark."""
    return number % MARK_EVERY == MARK_EVERY - 1


def spans(pcm: Pcm) -> list[Span]:
    """Return where ``pcm`` is loud."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > LOUD)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > QUIET_MS * SAMPLES_PER_MS)
    starts = [int(loud[0]), *(int(loud[index + 1]) for index in breaks)]
    ends = [*(int(loud[index]) + 1 for index in breaks), int(loud[-1]) + 1]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def is_voiced(pcm: Pcm) -> bool:
    """Tell whether a packet's audio has voice in it."""
    return dbov(pcm) > VOICED_DBOV


def latencies_ms(sent_at: list[float], found_at: list[float]) -> list[float]:
    """Pair marks with where they were found; the last mark sent before a find is its own.

    Args:
        sent_at: When each mark was sent, in order, in seconds.
        found_at: When each was found at the other end, in order, in seconds.
    """
    latencies: list[float] = []
    index = -1
    for found in found_at:
        while index + 1 < len(sent_at) and sent_at[index + 1] <= found:
            index += 1
        if index >= 0:
            latencies.append((found - sent_at[index]) * 1000)
    return latencies
