"""Listens to the caller's audio for keys, and keeps from the agent what it must not hear."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.goertzel import ToneKeys

from .caller_audio import FrameSource


class KeypadEar:
    """A source of frames that stands before another; tones become silence.

    Args:
        source: The caller's audio.
        press: Takes each key.
        is_muted: Tells whether the agent may hear nothing at all.
    """

    def __init__(
        self, source: FrameSource, press: Callable[[str], None], is_muted: Callable[[], bool]
    ) -> None:
        self._source, self._press, self._is_muted = source, press, is_muted
        self._tones = ToneKeys(source.rate_hz)
        self._still_muted = 0

    @property
    def rate_hz(self) -> int:
        """Of the frames."""
        return self._source.rate_hz

    @property
    def is_tone_heard(self) -> bool:
        """Tell whether a key sounds now."""
        return self._tones.is_heard

    def mute_waiting(self, frames: int) -> None:
        """Keep from the agent what came while it was muted and nobody has asked for yet."""
        self._still_muted = frames

    async def next_frames(self) -> Sequence[Pcm]:
        """Wait for frames and return all there are, oldest first; empty at the end."""
        return [self._heard(frame) for frame in await self._source.next_frames()]

    def _heard(self, frame: Pcm) -> Pcm:
        for key in self._tones.feed(frame):
            self._press(key)
        was_muted = self._still_muted > 0
        self._still_muted -= was_muted
        is_silenced = was_muted or self._is_muted() or self._tones.is_heard
        return silence(len(frame)) if is_silenced else frame
