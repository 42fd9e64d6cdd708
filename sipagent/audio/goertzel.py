"""Keys in the audio itself: pairs of tones (ITU-T Q.23), told from speech (Q.24).

Each block of 12.75 ms is compared with the eight frequencies, as Goertzel's algorithm does for one
of them. A block is a key's if, of its two strongest frequencies, one of each group,

- both together have most of the energy: speech and music have more than two tones at a time;
- each stands out in its group;
- neither is much louder than the other ("twist").

Two such blocks in a row are a key, so that every tone of 40 ms is found, wherever blocks begin, and
none of 20 ms. Three blocks without it are a pause: every pause of 40 ms has them.

No I/O, no clock.
"""

from __future__ import annotations

import numpy as np

from .frames import Pcm, silence

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
"""By low and high frequency (Q.23 section 5)."""

BLOCK_S = 0.01275
"""Broad enough in frequency for the 1.5 % that keys may be off (Q.24 section 3)."""

QUIETEST_DBOV = -42.0
LEAST_SHARE = 0.78
"""Of the energy that the two frequencies must have; 80 of 102 samples have it at most."""
STANDS_OUT = 6.3
"""8 dB over every other frequency of its group."""
LOW_OVER_HIGH, HIGH_OVER_LOW = 8.0, 4.0
"""9 and 6 dB: Q.24 asks for 8 and 4, and a frequency that is off is measured a little too low."""

HITS, MISSES = 2, 3
"""Blocks that begin a key, and that end it."""


class ToneKeys:
    """Find keys in 16-bit PCM.

    Args:
        rate_hz: Of the audio.
    """

    def __init__(self, rate_hz: int) -> None:
        self._samples = round(BLOCK_S * rate_hz)
        turns = np.outer((*LOW_HZ, *HIGH_HZ), np.arange(self._samples)) / rate_hz
        self._waves = np.exp(-2j * np.pi * turns)
        self._quietest = self._samples * (32768 * 10 ** (QUIETEST_DBOV / 20)) ** 2
        self._rest = silence(0)
        self._last = self.key = ""
        self._misses = 0

    def feed(self, pcm: Pcm) -> str:
        """Take the next audio, of any length; return the keys that begin in it."""
        audio = np.concatenate((self._rest, pcm))
        whole = len(audio) // self._samples
        self._rest = audio[whole * self._samples :]
        blocks = audio[: whole * self._samples].reshape(whole, self._samples)
        return "".join(self._next(self._key_of(block.astype(np.float64))) for block in blocks)

    @property
    def is_heard(self) -> bool:
        """Tell whether there is, or may just begin, a key."""
        return bool(self.key or self._last)

    def _next(self, found: str) -> str:
        last, self._last = self._last, found
        if found and found == self.key:
            self._misses = 0
            return ""
        self._misses += 1
        if self._misses >= MISSES:
            self.key = ""
        if not found or found != last:
            return ""
        self.key, self._misses = found, 0
        return found

    def _key_of(self, block: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
        energy = float(block @ block)
        if energy < self._quietest:
            return ""
        power = np.abs(self._waves @ block) ** 2
        low, high = power[:4], power[4:]
        row, column = int(low.argmax()), int(high.argmax())
        share = (low[row] + high[column]) / (energy * self._samples / 2)
        if share < LEAST_SHARE:
            return ""
        if low[row] > high[column] * LOW_OVER_HIGH or high[column] > low[row] * HIGH_OVER_LOW:
            return ""
        if np.sort(low)[2] * STANDS_OUT > low[row] or np.sort(high)[2] * STANDS_OUT > high[column]:
            return ""
        return KEYS[row][column]
