"""Levels in dBov: 0 dBov is the RMS of a full-scale square wave (ITU-T G.100.1)."""

from __future__ import annotations

import math

import numpy as np

from .frames import Pcm

SILENT_DBOV = -127.0


def dbov(pcm: Pcm) -> float:
    """Return the level of ``pcm``, ``SILENT_DBOV`` for digital silence."""
    if not len(pcm):
        return SILENT_DBOV
    samples = pcm.astype(np.float64)
    mean_square = float(np.dot(samples, samples)) / len(samples)
    return 10 * math.log10(mean_square / 32768**2) if mean_square else SILENT_DBOV
