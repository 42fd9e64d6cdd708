"""A copy of a leg's frames, both ways, for those who listen and do not take part.

Thread: the conference clock adds, under the media port's lock; what does not fit is dropped, oldest
first.
"""

from __future__ import annotations

import threading
from collections import deque

from sipagent.audio.frames import FRAME_MS, Pcm


class MediaTap:
    """Frames since the last time they were taken; made by ``MediaPort.tap``.

    Args:
        lock: The media port's.
        capacity_s: How much of each direction is kept.
    """

    def __init__(self, lock: threading.Lock, capacity_s: float) -> None:
        self._lock = lock
        self._frames: deque[tuple[int, Pcm]] = deque(maxlen=round(2_000 * capacity_s / FRAME_MS))

    def add(self, channel: int, frame: Pcm) -> None:
        """Keep a frame; the lock is held."""
        self._frames.append((channel, frame))

    def take(self) -> list[tuple[int, Pcm]]:
        """Return ``(channel, pcm)`` since the last time: what came, ``CALLER``, and went out."""
        with self._lock:
            frames = list(self._frames)
            self._frames.clear()
        return frames
