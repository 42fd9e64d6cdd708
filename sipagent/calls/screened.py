"""Caller audio on its way to the agent, which may not hear it now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sipagent.audio.frames import Pcm

from .caller_audio import FrameSource
from .hold import Hears


class Screened:
    """Frames as the agent may hear them.

    Args:
        source: Of the frames.
        hears: Returns what of them the agent hears now.
    """

    def __init__(self, source: FrameSource, hears: Callable[[], Hears]) -> None:
        self._source, self._hears = source, hears

    @property
    def rate_hz(self) -> int:
        """Of the frames."""
        return self._source.rate_hz

    async def next_frames(self) -> Sequence[Pcm]:
        """Wait for what the agent is to hear; empty at the end."""
        while frames := await self._source.next_frames():
            match self._hears():
                case Hears.ALL:
                    return frames
                case Hears.SILENCE:
                    return [np.zeros_like(frame) for frame in frames]
                case Hears.NOTHING:
                    pass
        return []
