"""Hold: agent audio that waits before it may be played.

Between session and playout, for agents whose answers are checked while they are made. Audio waits
``hold_ms``, or until what it says was checked, or for both; then it goes on in the order it came.

What a stretch of audio says is not known exactly while it is made: a transcript has no times. So
time follows arrival: the transcript of an answer runs ahead of its audio, therefore audio that had
arrived when a check began says no more than the text of that check. Whoever starts a check notes
:meth:`Hold.received_ms` with it, and clears that far when it passed; the whole item is cleared
when its response is done and all of it passed. Nothing is inferred from shares of a text whose
length is not known yet.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic. Threading: none.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from .frames import Pcm
from .playout import CAPACITY_MS, REMEMBERED_ITEMS, Heard


@dataclass(frozen=True, slots=True)
class PlayAudio:
    """Push ``pcm`` to the playout."""

    item_id: str
    content_index: int
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class FinishItem:
    """Tell the playout that no more audio comes for an item."""

    item_id: str


Released: TypeAlias = PlayAudio | FinishItem


@dataclass(frozen=True, slots=True)
class Blocked:
    """What became of the audio of an item that was blocked."""

    item_id: str
    held_ms: int
    """Never to be heard."""
    released_ms: int
    """Had left the hold before: blocked speech that got out, but for what a flush still catches."""


@dataclass(slots=True)
class _Item:
    cleared: int
    """Samples from the item's beginning that a check has let through."""
    received: int = 0
    released: int = 0
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    item_id: str
    content_index: int
    pcm: Pcm
    start: int
    """Samples of the item before this chunk."""
    ready_at: float


@dataclass(frozen=True, slots=True)
class _End:
    item_id: str
    ready_at: float


class Hold:
    """A queue that lets audio through late.

    Args:
        rate_hz: Sampling rate of everything pushed.
        hold_ms: How long all audio waits.
        until_checked: Whether it waits for :meth:`clear` besides.
    """

    def __init__(
        self, rate_hz: int, *, hold_ms: int, until_checked: bool, capacity_ms: int = CAPACITY_MS
    ) -> None:
        self._rate_hz = rate_hz
        self._hold_s = hold_ms / 1000
        self._cleared_at_first = 0 if until_checked else sys.maxsize
        self._capacity = capacity_ms * rate_hz // 1000
        self._queue: deque[_Chunk | _End] = deque()
        self._queued = 0
        self._items: dict[str, _Item] = {}
        self.dropped_samples = 0
        """Oldest audio given up because the queue was full."""

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing waits."""
        return not self._queue

    @property
    def queued_ms(self) -> int:
        """Milliseconds that wait."""
        return self._to_ms(self._queued)

    def received_ms(self, item_id: str) -> int:
        """Return how much of an item has come so far: how far a check that begins now reaches."""
        item = self._items.get(item_id)
        return 0 if item is None else self._to_ms(item.received)

    def deadline(self) -> float | None:
        """Return when :meth:`due` has something, or None while only a check can tell."""
        if not self._queue:
            return None
        head = self._queue[0]
        return head.ready_at if isinstance(head, _End) or self._allowed(head) else None

    def push(self, item_id: str, pcm: Pcm, *, content_index: int = 0, now: float) -> list[Released]:
        """Take ``pcm``, shape ``(samples,)``, of an item; return what may be played now."""
        item = self._item(item_id)
        start = item.received
        item.received += len(pcm)
        if len(pcm) and not item.is_blocked:
            ready_at = now + self._hold_s
            self._queue.append(_Chunk(item_id, content_index, pcm, start, ready_at))
            self._queued += len(pcm)
            if self._queued > self._capacity:
                self._drop_oldest()
        return self.due(now)

    def finish(self, item_id: str, *, now: float) -> list[Released]:
        """Note that no more audio comes for an item; return what may be played now."""
        self._queue.append(_End(item_id, now))
        return self.due(now)

    def clear(self, item_id: str, up_to_ms: int | None = None) -> None:
        """Note that a check let an item through; None is all of it, also what is yet to come."""
        item = self._item(item_id)
        reach = sys.maxsize if up_to_ms is None else up_to_ms * self._rate_hz // 1000
        item.cleared = max(item.cleared, reach)

    def due(self, now: float) -> list[Released]:
        """Return what may be played by now, in the order it came."""
        released: list[Released] = []
        while self._queue and self._queue[0].ready_at <= now:
            head = self._queue[0]
            if isinstance(head, _End):
                released.append(FinishItem(head.item_id))
                self._queue.popleft()
                continue
            allowed = min(len(head.pcm), self._allowed(head))
            if allowed:
                released.append(self._take(head, allowed))
            if allowed < len(head.pcm):
                break
        return released

    def block(self, item_id: str) -> Blocked:
        """Drop what waits of an item and whatever still comes of it; return what got out before.

        Its end is still told, so that the playout does not wait for more. An answer that is cut off
        besides is flushed first: a flush tells of what waits, so that it can be truncated.
        """
        item = self._item(item_id)
        item.is_blocked = True
        self._discard(item_id)
        held = item.received - item.released
        return Blocked(item_id, self._to_ms(held), self._to_ms(item.released))

    def flush(self, heard: Sequence[Heard]) -> list[Heard]:
        """Drop all that waits: the caller took the floor.

        Args:
            heard: What ``Playout.flush`` said.

        Returns:
            The same with what waited here counted as received and not heard, then the items that
            had not reached the playout at all, in order.
        """
        waiting: dict[tuple[str, int], int] = {}
        ended: set[str] = set()
        for entry in self._queue:
            if isinstance(entry, _End):
                ended.add(entry.item_id)
            else:
                key = entry.item_id, entry.content_index
                waiting[key] = waiting.get(key, 0) + len(entry.pcm)
        self._queue.clear()
        self._queued = 0
        told: list[Heard] = []
        for each in heard:
            waited_ms = self._to_ms(waiting.pop((each.item_id, each.content_index), 0))
            is_finished = each.finished or each.item_id in ended
            received_ms = each.received_ms + waited_ms
            told.append(replace(each, received_ms=received_ms, finished=is_finished))
        told += [
            Heard(item_id, index, 0, self._to_ms(samples), item_id in ended)
            for (item_id, index), samples in waiting.items()
        ]
        return told

    def _item(self, item_id: str) -> _Item:
        item = self._items.get(item_id)
        if item is None:
            if len(self._items) >= REMEMBERED_ITEMS:
                self._forget_one()
            item = self._items[item_id] = _Item(self._cleared_at_first)
        return item

    def _forget_one(self) -> None:
        waiting = {entry.item_id for entry in self._queue}
        oldest = next((each for each in self._items if each not in waiting), None)
        if oldest is not None:
            del self._items[oldest]

    def _allowed(self, chunk: _Chunk) -> int:
        return max(0, self._items[chunk.item_id].cleared - chunk.start)

    def _take(self, head: _Chunk, samples: int) -> PlayAudio:
        self._items[head.item_id].released += samples
        self._queued -= samples
        if samples == len(head.pcm):
            self._queue.popleft()
            return PlayAudio(head.item_id, head.content_index, head.pcm)
        self._queue[0] = replace(head, pcm=head.pcm[samples:], start=head.start + samples)
        return PlayAudio(head.item_id, head.content_index, head.pcm[:samples])

    def _discard(self, item_id: str) -> None:
        kept: deque[_Chunk | _End] = deque()
        for entry in self._queue:
            if isinstance(entry, _Chunk) and entry.item_id == item_id:
                self._queued -= len(entry.pcm)
            else:
                kept.append(entry)
        self._queue = kept

    def _drop_oldest(self) -> None:
        kept_ends: list[_End] = []
        while self._queued > self._capacity:
            entry = self._queue.popleft()
            if isinstance(entry, _End):
                kept_ends.append(entry)
            else:
                self._queued -= len(entry.pcm)
                self.dropped_samples += len(entry.pcm)
        self._queue.extendleft(reversed(kept_ends))

    def _to_ms(self, samples: int) -> int:
        return samples * 1000 // self._rate_hz
