"""What the agent hears instead of the caller, while that is somebody else's business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sipagent.audio.frames import Pcm, silence

from .caller_audio import FrameSource

Diversion: TypeAlias = Callable[[Sequence[Pcm]], Sequence[Pcm]]
"""Takes frames of the caller; returns those that the agent hears instead."""


class DivertedAudio:
    """Caller audio that may go elsewhere.

    Args:
        source: Of what the caller says.
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.diversion: Diversion | None = None
        """None: the agent hears the caller."""

    @property
    def rate_hz(self) -> int:
        """Of its frames."""
        return self._source.rate_hz

    async def next_frames(self) -> Sequence[Pcm]:
        """Wait for what the agent is to hear; empty at the end."""
        while frames := await self._source.next_frames():
            heard = frames if self.diversion is None else self.diversion(frames)
            if heard:
                return heard
        return ()


def hushed(frames: Sequence[Pcm]) -> Sequence[Pcm]:
    """Return silence as long as what the caller says, so that the endpoint's clock goes on."""
    return [silence(len(frame)) for frame in frames]
