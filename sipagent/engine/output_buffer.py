"""What of the responses is still to be heard, where the engine plays them itself. Pure.

    first frame of a response               ``output_audio_buffer.started``
    all of it played, and it is whole       ``output_audio_buffer.stopped``, after ``response.done``
    dropped before that                     ``output_audio_buffer.cleared``

Realtime: ``output_audio_buffer.*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sipagent.wire.events import Event
from sipagent.wire.server import (
    OutputAudioBufferCleared,
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
)


@dataclass(slots=True)
class _Playing:
    """One response."""

    items: set[str] = field(default_factory=set)
    """Not heard to their end."""
    has_begun: bool = False
    is_whole: bool = False
    """Whether nothing is added to it any more."""


class OutputBuffer:
    """Tell what clients hear of the playing of responses."""

    def __init__(self) -> None:
        self._responses: dict[str, _Playing] = {}
        self._response_of: dict[str, str] = {}

    @property
    def is_playing(self) -> bool:
        """Tell whether something is still to be heard."""
        return bool(self._response_of)

    def queue(self, response_id: str, item_id: str) -> None:
        """Note that there is audio of an item."""
        self._responses.setdefault(response_id, _Playing()).items.add(item_id)
        self._response_of[item_id] = response_id

    def item_began(self, item_id: str) -> list[Event]:
        """Note that an item is being heard."""
        response_id = self._response_of.get(item_id)
        if response_id is None or self._responses[response_id].has_begun:
            return []
        self._responses[response_id].has_begun = True
        return [OutputAudioBufferStarted(response_id=response_id)]

    def item_played(self, item_id: str) -> list[Event]:
        """Note that an item was heard to its end."""
        response_id = self._response_of.pop(item_id, None)
        if response_id is None:
            return []
        self._responses[response_id].items.discard(item_id)
        return self._stopped(response_id)

    def response_done(self, response_id: str) -> list[Event]:
        """Note that ``response.done`` was told."""
        if response_id not in self._responses:
            return []
        self._responses[response_id].is_whole = True
        return self._stopped(response_id)

    def clear(self, heard_ms: Mapping[str, int]) -> list[Event]:
        """Note what was dropped.

        Args:
            heard_ms: Of each item that was dropped. What is missing was played already, and that
                will be told.
        """
        events: list[Event] = []
        dropped = [self._response_of[each] for each in heard_ms if each in self._response_of]
        for response_id in dict.fromkeys(dropped):
            playing = self._responses.pop(response_id)
            # Its first frame was played, and is told after it was dropped.
            if not playing.has_begun and any(heard_ms.get(each) for each in playing.items):
                events.append(OutputAudioBufferStarted(response_id=response_id))
            events.append(OutputAudioBufferCleared(response_id=response_id))
            for item_id in playing.items:
                del self._response_of[item_id]
        return events

    def _stopped(self, response_id: str) -> list[Event]:
        playing = self._responses[response_id]
        if playing.items or not playing.is_whole:
            return []
        del self._responses[response_id]
        return [OutputAudioBufferStopped(response_id=response_id)]
