"""Both sides of a call as those hear it who listen in: 8 kHz stereo, caller left, agent right.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.recording import AGENT, CALLER, StereoMix
from sipagent.audio.resample import Resampler

RATE_HZ = 8_000
SLACK_SAMPLES = RATE_HZ // 5
"""By how much a side may be behind the other before it counts as silent."""


class ListenMix:
    """Make pieces for listeners of a leg's frames.

    Args:
        rate_hz: Of the frames.
    """

    def __init__(self, rate_hz: int) -> None:
        self._resamplers = {side: Resampler(rate_hz, RATE_HZ) for side in (CALLER, AGENT)}
        self._mix = StereoMix(SLACK_SAMPLES)

    def add(self, frames: Iterable[tuple[int, Pcm]], *, is_caller_muted: bool) -> None:
        """Take frames of either side; a muted caller is silence, so that the time goes on."""
        for side, pcm in frames:
            heard = silence(len(pcm)) if is_caller_muted and side == CALLER else pcm
            self._mix.add(side, self._resamplers[side].convert(heard))

    def piece(self) -> bytes:
        """Return what both sides have, 16-bit little endian; empty: nothing yet."""
        return self._mix.drain().astype("<i2").tobytes()
