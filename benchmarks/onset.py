"""When does a caller begin to speak? The simplest detector there is, with a known delay. Pure."""

from __future__ import annotations

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov


class EnergyOnset:
    """Speech begins once the level was high for ``onset_ms``, and is told once.

    Args:
        threshold_dbov: What counts as high.
        onset_ms: How long it must last.
        rate_hz: Of the audio.
    """

    def __init__(
        self, *, threshold_dbov: float = -35.0, onset_ms: int = 60, rate_hz: int = 8_000
    ) -> None:
        self._threshold_dbov = threshold_dbov
        self._onset = onset_ms * rate_hz // 1000
        self._loud = 0
        self._is_speaking = False

    def feed(self, pcm: Pcm) -> bool:
        """Take the next audio; return True when speech has begun with it."""
        if dbov(pcm) < self._threshold_dbov:
            self._loud, self._is_speaking = 0, False
            return False
        self._loud += len(pcm)
        has_begun = not self._is_speaking and self._loud >= self._onset
        self._is_speaking = self._is_speaking or has_begun
        return has_begun
