"""How loud the sound of a call is, frame by frame; many at a time, since that is cheap. Pure.

Levels are in dBov (ITU-T G.100.1): speech on a telephone line is about -26, a line nobody speaks on
-65 to -50, and a muted telephone is digital silence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .frames import Pcm
from .level import SILENT_DBOV

SOUND_DBOV = -50.0
"""More than the noise of a line."""

CLIPPED = 32_000
"""Samples beyond are as loud as G.711 gets (32124 of u-law, 32256 of A-law)."""

LEAST_ALAW = 8
"""A-law has no zero: digital silence is this, again and again."""
G722_IDLE = 8
"""G.722 makes a hum of nothing that stays below this, at 16 kHz."""
WIDEBAND_SAMPLES = 320

FULL_SCALE = 32_768.0
SOUND_POWER = 10 ** (SOUND_DBOV / 10)
LEAST_POWER = 10 ** (SILENT_DBOV / 10)


class Loudness:
    """Add up frames."""

    def __init__(self) -> None:
        self.frames = 0
        self.zero_frames = 0
        """Of digital silence."""
        self.sound_frames = 0
        """Louder than noise."""
        self._samples = 0
        self._clipped = 0
        self._sound_power = 0.0

    def hear(self, frames: Sequence[Pcm]) -> list[float]:
        """Take frames of one length; return the level of each in dBov."""
        if not frames:
            return []
        samples = np.stack(frames).astype(np.float32)
        powers = np.einsum("ij,ij->i", samples, samples) / (samples.shape[1] * FULL_SCALE**2)
        self.frames += len(frames)
        self.zero_frames += int(np.count_nonzero(_is_digital_silence(samples)))
        loud = powers > SOUND_POWER
        if loud.any():
            sound = np.abs(samples[loud])
            self.sound_frames += len(sound)
            self._sound_power += float(powers[loud].sum())
            self._samples += sound.size
            self._clipped += int(np.count_nonzero(sound >= CLIPPED))
        levels = 10 * np.log10(np.maximum(powers, LEAST_POWER))
        return [float(level) for level in levels]

    @property
    def level_dbov(self) -> float:
        """Mean level of what was louder than noise."""
        if not self.sound_frames:
            return SILENT_DBOV
        return 10 * math.log10(self._sound_power / self.sound_frames)

    @property
    def clipped_percent(self) -> float:
        """Share of its samples that are as loud as can be."""
        return 100 * self._clipped / self._samples if self._samples else 0.0


def _is_digital_silence(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell of each frame whether it is what a codec makes of zeros; noise is more, or changes."""
    highest, lowest = samples.max(axis=1), samples.min(axis=1)
    silent: NDArray[np.bool_]
    if samples.shape[1] >= WIDEBAND_SAMPLES:
        silent = np.maximum(highest, -lowest) <= G722_IDLE
    else:
        silent = (highest == lowest) & (np.abs(highest) <= LEAST_ALAW)
    return silent
