"""Frames of PCM: ``int16``, shape ``(samples,)``, mono, 20 ms each."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pcm: TypeAlias = NDArray[np.int16]

FRAME_MS = 20


def frame_samples(rate_hz: int) -> int:
    """Return the samples of one frame at ``rate_hz``."""
    return rate_hz * FRAME_MS // 1000


def silence(samples: int) -> Pcm:
    """Return digital silence, shape ``(samples,)``."""
    return np.zeros(samples, np.int16)


def pcm_to_bytes(pcm: Pcm) -> bytes:
    """Return signed 16-bit little-endian bytes."""
    return pcm.astype("<i2", copy=False).tobytes()


def bytes_to_pcm(data: bytes) -> Pcm:
    """Return PCM of signed 16-bit little-endian bytes, an odd last byte ignored."""
    return np.frombuffer(data, "<i2", len(data) // 2).astype(np.int16, copy=False)
