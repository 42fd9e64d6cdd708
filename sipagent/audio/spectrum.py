"""How clean a tone is: for tests and benchmarks."""

from __future__ import annotations

import math

import numpy as np

from .frames import Pcm


def tone_snr_db(pcm: Pcm, rate_hz: int, freq_hz: float) -> float:
    """Return the ratio of the tone at ``freq_hz`` to everything else in ``pcm``, in dB.

    The tone's amplitude and phase are fitted by least squares; what remains is noise.
    """
    samples = pcm.astype(np.float64)
    angle = 2 * np.pi * freq_hz / rate_hz * np.arange(len(samples))
    basis = np.stack([np.sin(angle), np.cos(angle), np.ones(len(samples))], axis=1)
    weights, *_ = np.linalg.lstsq(basis, samples, rcond=None)
    fitted = basis[:, :2] @ weights[:2]
    noise = samples - basis @ weights
    return 10 * math.log10(float(np.sum(fitted**2)) / max(float(np.sum(noise**2)), 1e-9))
