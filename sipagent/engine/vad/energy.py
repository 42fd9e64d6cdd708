"""An energy gate that follows the noise: the dependency-free half of the VAD.

The floor is the 10th percentile of the last four seconds; speech is 9 dB above it, and above
-50 dBov in any case.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov

WINDOW_S = 4.0
MARGIN_DB = 9.0
LEAST_DBOV = -50.0


class EnergyGate:
    """Tell loud chunks from the background.

    Args:
        chunk_ms: Duration of each chunk that will come.
    """

    def __init__(self, chunk_ms: int) -> None:
        self._levels: deque[float] = deque(maxlen=round(WINDOW_S * 1000 / chunk_ms))

    def is_loud(self, chunk: Pcm) -> bool:
        """Take one chunk, shape ``(samples,)``; tell whether it stands out."""
        level = dbov(chunk)
        self._levels.append(level)
        floor = float(np.percentile(self._levels, 10))
        return level >= max(LEAST_DBOV, min(floor, -30.0) + MARGIN_DB)
