"""What callers sound like: real speech of espeak-ng, and the noises that are none."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from functools import lru_cache

import numpy as np

from sipagent.audio.frames import Pcm, bytes_to_pcm, silence
from sipagent.audio.level import dbov
from sipagent.audio.resample import resample
from sipagent.engine.tts.voices import CALLER, WORDS_PER_MINUTE

RATE_HZ = 8_000
LOUD = 300
"""Samples above this are speech and not the silence espeak-ng adds."""


def at_level(pcm: Pcm, level_dbov: float) -> Pcm:
    """Return ``pcm``, louder or quieter."""
    louder = pcm * 10 ** ((level_dbov - dbov(pcm)) / 20)
    clipped: Pcm = np.clip(np.rint(louder), -32_000, 32_000).astype(np.int16)
    return clipped


@lru_cache(maxsize=32)
def _spoken(text: str) -> tuple[Pcm, int]:
    """Return ``text`` as espeak-ng says it, and its rate.

    In a process of its own: how a voice sounds depends a little on all it has said before.
    """
    asked = {"text": text, "voice": CALLER.name, "pitch": CALLER.pitch, "wpm": WORDS_PER_MINUTE}
    worker = (sys.executable, "-m", "sipagent.engine.tts.espeak_worker")
    line = json.dumps(asked).encode() + b"\n"
    told = subprocess.run(worker, input=line, stdout=subprocess.PIPE, check=True).stdout
    rate_hz, length = struct.unpack_from(">II", told)
    assert length == len(told) - 8 > 0
    return bytes_to_pcm(told[8:]), rate_hz


@lru_cache(maxsize=32)
def speech(text: str, level_dbov: float = -20.0) -> Pcm:
    """Return ``text`` as a caller says it, at 8 kHz, from its first sound to its last."""
    spoken, rate_hz = _spoken(text)
    pcm = at_level(resample(spoken, rate_hz, RATE_HZ), level_dbov)
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > LOUD)
    return pcm[loud[0] : loud[-1]]


def pause(duration_ms: int) -> Pcm:
    """Return digital silence at 8 kHz."""
    return silence(duration_ms * RATE_HZ // 1000)


def pink_noise(duration_ms: int, level_dbov: float, seed: int = 1) -> Pcm:
    """Return noise whose power falls by 3 dB an octave, as a room's or a line's does."""
    samples = duration_ms * RATE_HZ // 1000
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    wave = np.fft.irfft(spectrum, samples)
    wave *= 32768 * 10 ** (level_dbov / 20) / np.sqrt(np.mean(wave**2))
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def with_noise(pcm: Pcm, level_dbov: float) -> Pcm:
    """Return ``pcm`` on a noisy line."""
    noise = pink_noise(len(pcm) * 1000 // RATE_HZ, level_dbov)
    noisy = pcm[: len(noise)].astype(np.int32) + noise
    clipped: Pcm = np.clip(noisy, -32768, 32767).astype(np.int16)
    return clipped
