"""Playout: model audio arrives faster than it can be heard.

The session pushes deltas as the model produces them, often ten times faster than
real time; the conference clock pulls one frame every ptime. The difference is what
a barge-in throws away, and what the model must be told was never heard
(``audio_end_ms`` of ``conversation.item.truncate``).

Threading: none. The owner serialises calls (see ``sip.media_port``).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

import numpy as np

from .frames import Pcm, frame_samples, silence

CAPACITY_MS = 600_000
"""Ten minutes of speech nobody has heard yet: more is a runaway endpoint."""

REMEMBERED_ITEMS = 64
"""How many played items still answer :meth:`Playout.heard`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of one conversation item reached the caller."""

    item_id: str
    content_index: int
    heard_ms: int
    """Milliseconds handed to the leg; includes up to one frame not yet on the wire."""
    received_ms: int
    """Milliseconds the endpoint sent of it."""
    finished: bool
    """Whether the endpoint had sent all of it."""


@dataclass(slots=True)
class _Item:
    item_id: str
    content_index: int
    chunks: deque[Pcm] = field(default_factory=deque)
    received: int = 0
    pulled: int = 0
    is_finished: bool = False

    @property
    def is_drained(self) -> bool:
        return not self.chunks


class Playout:
    """A paced queue of PCM.

    Args:
        rate_hz: Sampling rate of everything pushed and pulled.
    """

    def __init__(self, rate_hz: int, *, capacity_ms: int = CAPACITY_MS) -> None:
        self.rate_hz = rate_hz
        self._frame = frame_samples(rate_hz)
        self._capacity = capacity_ms * rate_hz // 1000
        self._items: deque[_Item] = deque()
        self._heard: OrderedDict[str, int] = OrderedDict()
        self._queued = 0
        self._fading: Pcm | None = None
        self._ended: list[str] = []
        self.starved_frames = 0
        """Pulls that ran dry in the middle of an unfinished item."""
        self.dropped_samples = 0
        """Oldest audio given up because the queue was full."""

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is queued and nothing more is announced."""
        return not self._items and self._fading is None

    @property
    def queued_ms(self) -> int:
        """Milliseconds that wait to be pulled."""
        return self._queued * 1000 // self.rate_hz

    @property
    def has_tail(self) -> bool:
        """Tell whether the next pull carries the faded tail of a flush."""
        return self._fading is not None

    @property
    def current_item(self) -> str | None:
        """The item the next pull takes from, or None."""
        return next((item.item_id for item in self._items if not item.is_drained), None)

    def push(self, item_id: str, pcm: Pcm, *, content_index: int = 0) -> None:
        """Queue ``pcm``, shape ``(samples,)``, as part of conversation item ``item_id``."""
        if not len(pcm):
            return
        item = self._find(item_id, content_index)
        item.chunks.append(pcm)
        item.received += len(pcm)
        self._queued += len(pcm)
        if self._queued > self._capacity:
            self._drop_oldest()

    def finish(self, item_id: str) -> None:
        """Note that no more audio comes for ``item_id``."""
        for item in self._items:
            if item.item_id == item_id:
                item.is_finished = True
        self._retire()

    def pull(self) -> Pcm:
        """Return exactly one frame, zero-padded when the queue runs dry."""
        frame = silence(self._frame)
        filled = 0
        if self._fading is not None:
            filled = len(self._fading)
            frame[:filled] = self._fading
            self._fading = None
        while filled < self._frame:
            item = self._items[0] if self._items else None
            if item is None or item.is_drained:
                break
            filled += self._take(item, frame[filled:])
            self._retire()
        starved = bool(self._items) and self._items[0].is_drained
        if starved and filled < self._frame:
            self.starved_frames += 1
        return frame

    def flush(self, fade_ms: int = 5) -> list[Heard]:
        """Drop what was not heard; return how far each item got, in order; empty if idle.

        The next pull starts with a faded tail of ``fade_ms``, so that the cut does not click. The
        tail counts as not heard.
        """
        heard = [
            Heard(
                item.item_id,
                item.content_index,
                item.pulled * 1000 // self.rate_hz,
                item.received * 1000 // self.rate_hz,
                item.is_finished,
            )
            for item in self._items
        ]
        self._fading = self._tail(fade_ms)
        for item in self._items:
            self._remember(item)
        self._items.clear()
        self._queued = 0
        return heard

    def heard(self, item_id: str) -> int:
        """Return the milliseconds of ``item_id`` handed out, 0 if it is not known (any more)."""
        current = sum(item.pulled for item in self._items if item.item_id == item_id)
        return (current + self._heard.get(item_id, 0)) * 1000 // self.rate_hz

    def drain_finished(self) -> list[str]:
        """Return the items whose last sample was pulled since this was last asked."""
        ended, self._ended = self._ended, []
        return ended

    def _find(self, item_id: str, content_index: int) -> _Item:
        for item in self._items:
            if item.item_id == item_id and item.content_index == content_index:
                return item
        item = _Item(item_id, content_index)
        self._items.append(item)
        return item

    def _take(self, item: _Item, room: Pcm) -> int:
        chunk = item.chunks[0]
        taken = min(len(chunk), len(room))
        room[:taken] = chunk[:taken]
        if taken == len(chunk):
            item.chunks.popleft()
        else:
            item.chunks[0] = chunk[taken:]
        item.pulled += taken
        self._queued -= taken
        return taken

    def _retire(self) -> None:
        while self._items and self._items[0].is_drained and self._items[0].is_finished:
            item = self._items.popleft()
            self._remember(item)
            self._ended.append(item.item_id)

    def _remember(self, item: _Item) -> None:
        self._heard[item.item_id] = self._heard.get(item.item_id, 0) + item.pulled
        self._heard.move_to_end(item.item_id)
        while len(self._heard) > REMEMBERED_ITEMS:
            self._heard.popitem(last=False)

    def _tail(self, fade_ms: int) -> Pcm | None:
        samples = min(fade_ms * self.rate_hz // 1000, self._frame)
        item = self._items[0] if self._items else None
        if item is None or item.is_drained or not item.pulled or not samples:
            return None
        head = np.concatenate(list(item.chunks))[:samples] if item.chunks else silence(0)
        fade = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, len(head)))
        return (head * fade).astype(np.int16)

    def _drop_oldest(self) -> None:
        surplus = self._queued - self._capacity
        for item in self._items:
            while surplus > 0 and item.chunks:
                chunk = item.chunks[0]
                dropped = min(surplus, len(chunk))
                item.chunks[0] = chunk[dropped:]
                if dropped == len(chunk):
                    item.chunks.popleft()
                surplus -= dropped
                self._queued -= dropped
                self.dropped_samples += dropped
