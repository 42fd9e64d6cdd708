"""Is what comes in what went out a moment ago? By the shape of its loudness. Pure.

A telephone that hands our own sound back follows it at a fixed distance, every rise and fall; two
people who talk do not. The levels of 20 ms frames are compared at every distance up to half a
second, so that it costs next to nothing, and the sound itself is never looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

WINDOW_FRAMES = 100
"""2 s, some words: with the delay and half a second until somebody looks, less than three."""

MOST_DELAY_FRAMES = 25

FLOOR_DBOV = -60.0
"""What is below is noise, whatever its shape."""

LIKENESS = 0.9
"""Correlation of loudness above which it is no chance; of two voices it stays below 0.8."""

LEAST_SPREAD_DB = 6.0
"""Standard deviation of a level that has a shape at all: a steady tone is like any other."""


class EchoDetector:
    """Compare both directions of a call."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=WINDOW_FRAMES + MOST_DELAY_FRAMES)
        self._came: deque[float] = deque(maxlen=WINDOW_FRAMES)

    def sent(self, levels_dbov: Iterable[float]) -> None:
        """Note the levels of frames that went out."""
        self._sent.extend(max(level, FLOOR_DBOV) for level in levels_dbov)

    def came(self, levels_dbov: Iterable[float]) -> None:
        """Note the levels of frames that came in."""
        self._came.extend(max(level, FLOOR_DBOV) for level in levels_dbov)

    @property
    def is_echo(self) -> bool:
        """Whether the last seconds that came in are what went out before."""
        if min(len(self._came), len(self._sent)) < WINDOW_FRAMES:
            return False  # later on, longer delays are found
        came = np.array(self._came)
        spread = came.std()
        if spread < LEAST_SPREAD_DB:
            return False
        windows = sliding_window_view(np.array(self._sent), WINDOW_FRAMES)
        spreads = windows.std(axis=1)
        together = (windows - windows.mean(axis=1, keepdims=True)) @ (came - came.mean())
        is_alike = together > LIKENESS * WINDOW_FRAMES * spread * spreads
        return bool(np.any(is_alike & (spreads >= LEAST_SPREAD_DB)))
