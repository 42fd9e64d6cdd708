"""Frames on their way to the agent: kept while closed, dropped once shut. Runs on the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sipagent.audio.frames import Pcm


class Gate:
    """Stand between the other side's audio and the agent.

    Args:
        rate_hz: Of the frames.
        is_open: Whether they pass from the first on.
    """

    def __init__(self, rate_hz: int, *, is_open: bool) -> None:
        self._rate_hz, self._is_open = rate_hz, is_open
        self._frames: list[Pcm] = []
        self._changed = asyncio.Event()
        self._is_shut = self._is_closed = False

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the frames."""
        return self._rate_hz

    def put(self, frames: Sequence[Pcm]) -> None:
        """Take frames."""
        if not self._is_shut:
            self._frames += frames
            self._changed.set()

    def open(self) -> None:
        """Let through what was kept, and all that comes."""
        self._is_open = True
        self._changed.set()

    def shut(self) -> None:
        """Drop what was kept, and all that comes."""
        self._is_shut = True
        self._frames.clear()

    def close(self) -> None:
        """Note that no more comes."""
        self._is_closed = True
        self._changed.set()

    async def next_frames(self) -> list[Pcm]:
        """Wait for frames and return all there are; empty at the end."""
        while True:
            self._changed.clear()
            if self._is_open and self._frames:
                frames, self._frames = self._frames, []
                return frames
            if self._is_closed:
                return []
            await self._changed.wait()
