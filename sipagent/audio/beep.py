"""Single steady tones in telephone audio: the beep of a voicemail, the answer of a fax.

A frame holds a tone if nearly all of its energy is at one frequency; a run of such frames at the
same frequency is one tone. Keys of telephones are two tones at once (ITU-T Q.23), and voices have
harmonics, so that neither is taken for one.

No I/O, no clock: time is counted in frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .frames import FRAME_MS, Pcm
from .level import dbov

PURITY = 0.9
"""Share of the energy that must be at the tone. Vowels stay below, G.711 leaves 0.99 of a tone."""

STEADY_HZ = 20.0
"""How far a tone may wander from one frame to the next."""

QUIETEST_DBOV = -45.0

_NEIGHBOURS = 2
"""Bins on each side that a Hann window spreads a tone over."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A single tone."""

    freq_hz: float
    duration_ms: int


class ToneEar:
    """Find single tones, frame by frame.

    Args:
        rate_hz: Of the frames.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._last: Pcm | None = None
        self._freq_hz = 0.0
        self._frames = 0

    @property
    def current(self) -> Tone | None:
        """The tone that is being heard."""
        return Tone(self._freq_hz, self._frames * FRAME_MS) if self._frames else None

    def hear(self, frame: Pcm) -> Tone | None:
        """Take one frame; return the tone that has ended with the frame before, if one has."""
        window = frame if self._last is None else np.concatenate([self._last, frame])
        self._last = frame
        freq_hz = single_tone_hz(window, self._rate_hz)
        if freq_hz is not None and self._frames and abs(freq_hz - self._freq_hz) <= STEADY_HZ:
            self._frames += 1
            self._freq_hz = freq_hz
            return None
        ended = self.current
        self._frames, self._freq_hz = (0, 0.0) if freq_hz is None else (1, freq_hz)
        return ended


def single_tone_hz(pcm: Pcm, rate_hz: int) -> float | None:
    """Return the frequency of the one tone in ``pcm``, None if there is none, or more."""
    if dbov(pcm) < QUIETEST_DBOV:
        return None
    power = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))) ** 2
    power[0] = 0.0
    peak = int(np.argmax(power))
    near = power[max(0, peak - _NEIGHBOURS) : peak + _NEIGHBOURS + 1]
    total = float(power.sum())
    if not total or float(near.sum()) / total < PURITY:
        return None
    bins = np.arange(max(0, peak - _NEIGHBOURS), max(0, peak - _NEIGHBOURS) + len(near))
    return float((near * bins).sum() / near.sum()) * rate_hz / len(pcm)
