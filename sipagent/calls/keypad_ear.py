"""Listens to the caller's audio for keys, and keeps their tones from the agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.goertzel import ToneKeys

from .conversation import FrameSource


class KeypadEar:
    """A source of frames that stands before another; tones become silence.

    Args:
        source: The caller's audio.
        tones: Finds keys in it.
        press: Takes each key.
    """

    def __init__(self, source: FrameSource, tones: ToneKeys, press: Callable[[str], None]) -> None:
        self._source, self._tones, self._press = source, tones, press

    @property
    def rate_hz(self) -> int:
        """Of the frames."""
        return self._source.rate_hz

    async def next_frames(self) -> Sequence[Pcm]:
        """Wait for frames and return all there are, oldest first; empty at the end."""
        return [self._heard(frame) for frame in await self._source.next_frames()]

    def _heard(self, frame: Pcm) -> Pcm:
        for key in self._tones.feed(frame):
            self._press(key)
        return silence(len(frame)) if self._tones.is_heard else frame
