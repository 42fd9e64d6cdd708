"""Test and comfort tones."""

from __future__ import annotations

import math

import numpy as np

from .frames import Pcm


def tone(freq_hz: float, duration_ms: int, rate_hz: int, *, level_dbov: float = -12.0) -> Pcm:
    """Return a sine wave whose RMS is ``level_dbov``, starting at phase 0."""
    samples = np.arange(duration_ms * rate_hz // 1000)
    amplitude = 32768 * math.sqrt(2) * 10 ** (level_dbov / 20)
    wave = amplitude * np.sin(2 * np.pi * freq_hz / rate_hz * samples)
    pcm: Pcm = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return pcm
