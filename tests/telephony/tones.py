"""Keys as a telephone sings them (ITU-T Q.23)."""

from __future__ import annotations

import math

import numpy as np

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.goertzel import HIGH_HZ, KEYS, LOW_HZ


def key_tone(
    key: str,
    duration_ms: int,
    rate_hz: int = 8_000,
    *,
    level_dbov: float = -15.0,
    twist_db: float = 0.0,
    off: float = 0.0,
) -> Pcm:
    """Return one key.

    Args:
        key: On the keypad.
        duration_ms: How long.
        rate_hz: Sampling rate.
        level_dbov: Of the lower tone.
        twist_db: How much louder the higher one is.
        off: By what share both frequencies are wrong.
    """
    row = next(row for row, keys in enumerate(KEYS) if key in keys)
    low_hz, high_hz = LOW_HZ[row] * (1 + off), HIGH_HZ[KEYS[row].index(key)] * (1 + off)
    at = 2 * math.pi * np.arange(duration_ms * rate_hz // 1000) / rate_hz
    low = 32768 * math.sqrt(2) * 10 ** (level_dbov / 20)
    wave = low * np.sin(low_hz * at) + low * 10 ** (twist_db / 20) * np.sin(high_hz * at + 1)
    pcm: Pcm = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return pcm


def keyed(keys: str, on_ms: int = 60, off_ms: int = 60, rate_hz: int = 8_000) -> Pcm:
    """Return keys pressed one after the other, with a pause after each."""
    gap = silence(off_ms * rate_hz // 1000)
    return np.concatenate([part for key in keys for part in (key_tone(key, on_ms, rate_hz), gap)])
