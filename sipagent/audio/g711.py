"""G.711 (ITU-T G.711): both laws, by table.

Decoding follows the Recommendation; encoding picks the code whose interval holds the sample, as the
reference code (ITU-T G.191) does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frames import Pcm

_BIAS = 0x84
_CLIP = 32635


def _pcmu_decoded() -> Pcm:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _pcma_decoded() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, magnitude = (code & 0x70) >> 4, (code & 0x0F) << 4
    linear = magnitude + 8
    shifted = (magnitude + 0x108) << np.maximum(segment - 1, 0)
    value = np.where(segment == 0, linear, shifted)
    return np.where(code & 0x80, value, -value).astype(np.int16)


def _pcmu_encoded() -> NDArray[np.uint8]:
    sample = np.arange(-32768, 32768, dtype=np.int32)
    sign = np.where(sample < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


def _pcma_encoded() -> NDArray[np.uint8]:
    sample = np.arange(-32768, 32768, dtype=np.int32)
    magnitude = np.where(sample >= 0, sample, -sample - 1) >> 4
    exponent = np.where(
        magnitude < 16, 0, np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 3
    )
    mantissa = (magnitude >> np.maximum(exponent - 1, 0)) & 0x0F
    sign = np.where(sample >= 0, 0x80, 0)
    codes: NDArray[np.uint8] = ((sign | (exponent << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return codes


_PCMU_TO_PCM, _PCMA_TO_PCM = _pcmu_decoded(), _pcma_decoded()
_PCM_TO_PCMU, _PCM_TO_PCMA = _pcmu_encoded(), _pcma_encoded()


def pcm_to_pcmu(pcm: Pcm) -> bytes:
    """Encode as mu-law, one byte a sample."""
    return _PCM_TO_PCMU[pcm.astype(np.int32) + 32768].tobytes()


def pcmu_to_pcm(data: bytes) -> Pcm:
    """Decode mu-law."""
    return _PCMU_TO_PCM[np.frombuffer(data, np.uint8)]


def pcm_to_pcma(pcm: Pcm) -> bytes:
    """Encode as A-law, one byte a sample."""
    return _PCM_TO_PCMA[pcm.astype(np.int32) + 32768].tobytes()


def pcma_to_pcm(data: bytes) -> Pcm:
    """Decode A-law."""
    return _PCMA_TO_PCM[np.frombuffer(data, np.uint8)]
