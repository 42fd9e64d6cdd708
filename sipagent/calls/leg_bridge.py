"""Two legs joined frame by frame: each hears the other, and what is recorded goes on.

Both legs are played by one clock, so frames come and go at the same pace. What a stall of the loop
piles up is dropped, or the two would hear each other late for the rest of their call.
"""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.audio.frames import Pcm
from sipagent.audio.resample import Resampler
from sipagent.sip.media_port import MediaPort

BRIDGE_ITEM = "bridge"

LONGEST_QUEUE_MS = 80
"""Three frames that wait are the jitter of an event loop; more is delay."""


class LegBridge:
    """Let two legs hear each other.

    Args:
        caller: Media of one leg.
        target: Media of the other.
    """

    def __init__(self, caller: MediaPort, target: MediaPort) -> None:
        self._caller, self._target = caller, target
        self._to_target = Resampler(caller.rate_hz, target.rate_hz)
        self._to_caller = Resampler(target.rate_hz, caller.rate_hz)

    def take(self, frames: Sequence[Pcm]) -> Sequence[Pcm]:
        """Let the target hear the caller; nothing is left for anybody else."""
        _play(frames, self._to_target, self._target)
        return ()

    async def run_caller(self) -> None:
        """Pass on what the caller says, until their leg ends."""
        while frames := await self._caller.next_frames():
            self.take(frames)

    async def run_target(self) -> None:
        """Pass on what the target says, until its leg ends; what was said before is dropped."""
        await self._target.next_frames()
        while frames := await self._target.next_frames():
            _play(frames, self._to_caller, self._caller)


def _play(frames: Sequence[Pcm], resampler: Resampler, media: MediaPort) -> None:
    for frame in frames:
        if media.queued_ms <= LONGEST_QUEUE_MS:
            media.push(BRIDGE_ITEM, resampler.convert(frame))
