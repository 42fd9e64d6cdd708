"""The media of one leg: a playout queue towards the caller, a ring of frames from them.

Threads: the conference clock calls ``take_outbound`` and ``give_inbound`` once a frame; everything
else is called on the loop. The lock is held for a copy, never for I/O. The clock never waits for
the loop: the ring is bounded, and what does not fit is dropped, oldest first, and counted.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from sipagent.audio.frames import FRAME_MS, Pcm
from sipagent.audio.playout import Heard, Playout

from .events import FirstFramePlayed, ItemPlayed, MediaFact
from .media_tap import MediaTap

INBOUND_CAPACITY_S = 10

CALLER, AGENT = 0, 1
"""Channels of the recording."""


class MediaPort:
    """Frames in, frames out, and what was heard.

    Args:
        rate_hz: Of all PCM here: 8000 for G.711 legs, 16000 for G.722.
        loop: Where readers wait.
        post: Called on the loop with each media fact.
    """

    def __init__(
        self, rate_hz: int, loop: asyncio.AbstractEventLoop, post: Callable[[MediaFact], None]
    ) -> None:
        self.rate_hz = rate_hz
        self._loop, self._post = loop, post
        self._lock = threading.Lock()
        self._playout = Playout(rate_hz)
        self._inbound: deque[Pcm] = deque(maxlen=INBOUND_CAPACITY_S * 1000 // FRAME_MS)
        self._taps: list[MediaTap] = []
        self._arrived = asyncio.Event()
        self._is_closed = False
        self._announced: str | None = None
        self.frames_in = 0
        self.frames_out = 0
        self.dropped_frames = 0
        self.last_voiced_at: float | None = None
        """Monotonic seconds when the last frame with agent audio was handed out."""

    # Towards the caller; loop.

    def push(self, item_id: str, pcm: Pcm, *, content_index: int = 0) -> None:
        """Queue ``pcm``, shape ``(samples,)``, as part of ``item_id``."""
        with self._lock:
            self._playout.push(item_id, pcm, content_index=content_index)

    def finish(self, item_id: str) -> None:
        """Note that no more audio comes for ``item_id``."""
        with self._lock:
            self._playout.finish(item_id)
            ended = self._playout.drain_finished()
        now = monotonic()
        for each in ended:
            self._post(ItemPlayed(each, now))

    def flush(self) -> list[Heard]:
        """Drop what was not heard, with a short fade; return how far each item got."""
        with self._lock:
            self._announced = None
            return self._playout.flush()

    def heard(self, item_id: str) -> int:
        """Return the milliseconds of ``item_id`` handed out."""
        with self._lock:
            return self._playout.heard(item_id)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is queued or announced."""
        with self._lock:
            return self._playout.is_idle

    @property
    def queued_ms(self) -> int:
        """Milliseconds that wait to be played."""
        with self._lock:
            return self._playout.queued_ms

    @property
    def starved_frames(self) -> int:
        """Frames in which an unfinished item had nothing to play."""
        with self._lock:
            return self._playout.starved_frames

    # From the caller; loop.

    async def next_frames(self) -> list[Pcm]:
        """Wait for frames and return all there are, oldest first; empty once the leg is gone."""
        while True:
            self._arrived.clear()
            with self._lock:
                frames = list(self._inbound)
                self._inbound.clear()
            if frames or self._is_closed:
                return frames
            await self._arrived.wait()

    def skip_inbound(self) -> None:
        """Drop what came and was not read."""
        with self._lock:
            self._inbound.clear()

    @property
    def waiting_frames(self) -> int:
        """Frames that nobody has asked for yet."""
        with self._lock:
            return len(self._inbound)

    def tap(self, capacity_s: float) -> MediaTap:
        """Return a copy of both directions from now on.

        Args:
            capacity_s: How much is kept until it is taken.
        """
        tap = MediaTap(self._lock, capacity_s)
        with self._lock:
            self._taps.append(tap)
        return tap

    def untap(self, tap: MediaTap) -> None:
        """Copy nothing more to ``tap``; safe twice."""
        with self._lock:
            if tap in self._taps:
                self._taps.remove(tap)

    def close(self) -> None:
        """Let readers see the end."""
        self._is_closed = True
        self._arrived.set()

    # The conference clock.

    def take_outbound(self) -> Pcm:
        """Return the next frame for the caller."""
        posts: list[MediaFact] = []
        with self._lock:
            item_id, has_tail = self._playout.current_item, self._playout.has_tail
            frame = self._playout.pull()
            now = monotonic()
            if item_id is not None or has_tail:
                self.last_voiced_at = now
            if item_id is not None and item_id != self._announced:
                self._announced = item_id
                posts.append(FirstFramePlayed(item_id, now))
            posts += [ItemPlayed(each, now) for each in self._playout.drain_finished()]
            self.frames_out += 1
            for tap in self._taps:
                tap.add(AGENT, frame)
        for fact in posts:
            self._wake(self._post, fact)
        return frame

    def give_inbound(self, frame: Pcm) -> None:
        """Take a frame from the caller."""
        with self._lock:
            self.frames_in += 1
            if len(self._inbound) == self._inbound.maxlen:
                self.dropped_frames += 1
            self._inbound.append(frame)
            for tap in self._taps:
                tap.add(CALLER, frame)
        self._wake(self._arrived.set)

    def _wake(self, callback: Callable[..., object], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop is closed: the process is ending
            pass
