"""How much of the agent was heard: what an interruption tells the endpoint.

An endpoint makes audio faster than it is played and cannot know what was heard. Whoever plays it
does: the phone leg counts frames, a client with a sound card reports what it played, and one that
tells nothing is taken to play as audio comes, which is the best guess there is (Realtime:
conversation.item.truncate).

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sipagent.audio.formats import AudioFormat


class HeardItem(Protocol):
    """How much of an item was heard; ``audio.playout.Heard`` is one."""

    @property
    def item_id(self) -> str: ...
    @property
    def content_index(self) -> int: ...
    @property
    def heard_ms(self) -> int: ...
    @property
    def received_ms(self) -> int: ...
    @property
    def finished(self) -> bool: ...


class Playback(Protocol):
    """Whoever plays the agent's audio."""

    @property
    def decides_interruptions(self) -> bool:
        """Whether it calls ``interrupt`` itself when the caller speaks."""

    def received(self, item_id: str, content_index: int, duration_ms: float, now: float) -> None:
        """Note audio that came."""

    def finished(self, item_id: str) -> None:
        """Note that no more audio of an item comes."""

    def interrupt(self, response_id: str, now: float) -> Sequence[HeardItem]:
        """Stop playing, and drop what still comes of a response; return what was heard."""

    def is_playing(self, now: float) -> bool:
        """Tell whether something is being heard."""


@dataclass(frozen=True, slots=True)
class PlayedItem:
    """How much of an item was played."""

    item_id: str
    content_index: int
    heard_ms: int
    received_ms: int
    finished: bool


@dataclass(slots=True)
class _Item:
    item_id: str
    content_index: int
    began_at: float
    received_ms: float = 0.0
    finished: bool = False

    def heard(self, elapsed_ms: float) -> PlayedItem:
        received_ms = _whole_ms(self.received_ms)
        heard_ms = max(0, min(_whole_ms(elapsed_ms), received_ms))
        return PlayedItem(self.item_id, self.content_index, heard_ms, received_ms, self.finished)


def _whole_ms(duration_ms: float) -> int:
    """Return whole milliseconds; a sum of many parts may be a hair short of one."""
    return int(duration_ms + 1e-6)


class ClockPlayback:
    """Somebody who plays audio as it comes, from the first delta of an item on."""

    decides_interruptions = False

    def __init__(self) -> None:
        self._item: _Item | None = None

    def received(self, item_id: str, content_index: int, duration_ms: float, now: float) -> None:
        """Note audio that came; another item follows what is left of the one before."""
        item = self._item
        if item is None or (item.item_id, item.content_index) != (item_id, content_index):
            begins_at = now
            if item is not None:
                begins_at = max(now, item.began_at + item.received_ms / 1000)
            item = self._item = _Item(item_id, content_index, begins_at)
        item.received_ms += duration_ms

    def finished(self, item_id: str) -> None:
        """Note that no more audio of an item comes."""
        if self._item is not None and self._item.item_id == item_id:
            self._item.finished = True

    def interrupt(self, response_id: str, now: float) -> Sequence[HeardItem]:
        """Return what was heard; a second interruption finds nothing."""
        item, self._item = self._item, None
        return [] if item is None else [item.heard((now - item.began_at) * 1000)]

    def is_playing(self, now: float) -> bool:
        """Tell whether what came should still be heard."""
        item = self._item
        return item is not None and now < item.began_at + item.received_ms / 1000


class AttachedPlayback:
    """An endpoint that plays by itself, and tells when it does (Realtime: output_audio_buffer.*).

    It knows what was heard, so nobody here needs to.
    """

    decides_interruptions = True

    def __init__(self) -> None:
        self._playing: set[str] = set()

    def started(self, response_id: str) -> None:
        """Note that a response is being heard."""
        self._playing.add(response_id)

    def ended(self, response_id: str) -> None:
        """Note that a response was heard to its end, or what was left of it dropped."""
        self._playing.discard(response_id)

    def clear(self) -> None:
        """Forget everything: what ended meanwhile was told to nobody."""
        self._playing.clear()

    def received(self, item_id: str, content_index: int, duration_ms: float, now: float) -> None:
        """Do nothing: no audio comes."""

    def finished(self, item_id: str) -> None:
        """Do nothing, as above."""

    def interrupt(self, response_id: str, now: float) -> Sequence[HeardItem]:
        """Return nothing: the endpoint is told to stop, and cuts what was not heard by itself."""
        return []

    def is_playing(self, now: float) -> bool:
        """Tell whether something is being heard."""
        return bool(self._playing)


class PlaybackTracker:
    """Somebody who reports what was played.

    Args:
        audio_format: What is played, for ``on_play_bytes``.
    """

    decides_interruptions = False

    def __init__(self, audio_format: AudioFormat = AudioFormat.PCM24) -> None:
        self._format = audio_format
        self._items: dict[tuple[str, int], _Item] = {}
        self._playing: tuple[str, int] | None = None
        self._played_ms = 0.0

    def set_audio_format(self, audio_format: AudioFormat) -> None:
        """Say what is played from now on."""
        self._format = audio_format

    def on_play_bytes(self, item_id: str, content_index: int, audio: bytes) -> None:
        """Note audio that was played."""
        self.on_play_ms(item_id, content_index, len(audio) / self._format.bytes_per_ms)

    def on_play_ms(self, item_id: str, content_index: int, duration_ms: float) -> None:
        """Note milliseconds that were played; another item starts anew."""
        key = item_id, content_index
        if key != self._playing:
            self._playing, self._played_ms = key, 0.0
        self._played_ms += duration_ms

    def received(self, item_id: str, content_index: int, duration_ms: float, now: float) -> None:
        """Note audio that came."""
        item = self._items.setdefault((item_id, content_index), _Item(item_id, content_index, now))
        item.received_ms += duration_ms

    def finished(self, item_id: str) -> None:
        """Note that no more audio of an item comes."""
        for item in self._items.values():
            item.finished = item.finished or item.item_id == item_id

    def interrupt(self, response_id: str, now: float) -> Sequence[HeardItem]:
        """Return what was heard of what was being played and of what waited behind it."""
        items, playing, played_ms = self._items, self._playing, self._played_ms
        self._items, self._playing, self._played_ms = {}, None, 0.0
        heard: list[HeardItem] = []
        is_past = playing in items
        for key, item in items.items():
            if key == playing:
                is_past = False
                heard.append(item.heard(played_ms))
            elif not is_past:
                heard.append(item.heard(0.0))
        return heard

    def is_playing(self, now: float) -> bool:
        """Tell whether something that came was not played."""
        if self._playing not in self._items:
            return bool(self._items)
        item = self._items[self._playing]
        return self._played_ms < item.received_ms or item is not next(
            reversed(self._items.values())
        )
