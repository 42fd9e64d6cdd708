"""Play the answers of a session on a leg, and tell its clients what was heard of them.

| resource  | acquired             | released             | on failure                           |
|-----------|----------------------|----------------------|--------------------------------------|
| held PCM  | ``play`` before the  | ``answered``,        | gone with the call                   |
|           | leg's answer         | ``clear``            |                                      |
| resampler | first PCM of an item | ``finish``, `clear`  | gone with the call                   |

On a telephone the server owns the playing, so it cuts off, and truncates, by itself.
"""

from __future__ import annotations

from sipagent.audio.frames import Pcm
from sipagent.audio.playout import Heard
from sipagent.audio.resample import Resampler
from sipagent.wire.events import Event
from sipagent.wire.server import ConversationItemTruncated

from .checks import InvalidConfigError
from .idle_watch import IdleWatch
from .items import Conversation
from .leg import Leg
from .output import Send
from .output_buffer import OutputBuffer


class LegPlayer:
    """Play.

    Args:
        leg: Where.
        conversation: Whose items are truncated to what was heard.
        idle: Told of what is being heard.
        send: Sends one event.
    """

    def __init__(self, leg: Leg, conversation: Conversation, idle: IdleWatch, send: Send) -> None:
        self._leg, self._conversation, self._idle, self._send = leg, conversation, idle, send
        self._buffer = OutputBuffer()
        self._rate_hz: int | None = None
        self._held: list[tuple[str, Pcm | None, int]] = []
        """Item, PCM (None: its end) and rate of what was made before the leg was answered."""
        self._resamplers: dict[str, Resampler] = {}
        self._cut: set[str] = set()
        """Items that were dropped, and may still come."""

    def answered(self, rate_hz: int) -> None:
        """Play what was made so far, and from now on at once."""
        self._rate_hz = rate_hz
        held, self._held = self._held, []
        for item_id, pcm, from_hz in held:
            if pcm is None:
                self._leg.finish(item_id)
            else:
                self._push(item_id, pcm, from_hz, rate_hz)

    def play(self, response_id: str, item_id: str, pcm: Pcm, rate_hz: int) -> None:
        """Play more of an item, unless it was cut off."""
        if item_id in self._cut:
            return
        self._buffer.queue(response_id, item_id)
        self._idle.playing(True)
        if self._rate_hz is None:
            self._held.append((item_id, pcm, rate_hz))
        else:
            self._push(item_id, pcm, rate_hz, self._rate_hz)

    def finish(self, item_id: str) -> None:
        """Note that no more of an item comes."""
        if item_id in self._cut:
            self._cut.discard(item_id)
        elif self._rate_hz is None:
            self._held.append((item_id, None, 0))
        else:
            self._resamplers.pop(item_id, None)
            self._leg.finish(item_id)

    async def item_began(self, item_id: str) -> None:
        """Tell that an item is being heard."""
        await self._tell(self._buffer.item_began(item_id))

    async def item_played(self, item_id: str) -> None:
        """Tell that an item was heard to its end."""
        await self._tell(self._buffer.item_played(item_id))

    async def response_done(self, response_id: str) -> None:
        """Tell the end of a response that was heard before it was done."""
        await self._tell(self._buffer.response_done(response_id))

    async def clear(self) -> None:
        """Stop at once; tell what was dropped, and truncate it to what was heard."""
        dropped = self._leg.flush() if self._rate_hz is not None else self._drop_held()
        self._cut.update(each.item_id for each in dropped if not each.finished)
        for each in dropped:
            self._resamplers.pop(each.item_id, None)
        await self._tell(self._buffer.clear({each.item_id: each.heard_ms for each in dropped}))
        for each in dropped:
            await self._truncate(each)

    def _push(self, item_id: str, pcm: Pcm, from_hz: int, to_hz: int) -> None:
        if item_id not in self._resamplers:
            self._resamplers[item_id] = Resampler(from_hz, to_hz)
        self._leg.push(item_id, self._resamplers[item_id].convert(pcm))

    def _drop_held(self) -> list[Heard]:
        ended = {item_id for item_id, pcm, _ in self._held if pcm is None}
        items = dict.fromkeys(item_id for item_id, pcm, _ in self._held if pcm is not None)
        self._held = []
        return [Heard(each, 0, 0, 1, each in ended) for each in items]

    async def _truncate(self, heard: Heard) -> None:
        # The leg counts at its own rate, and a frame at a time.
        end_ms = min(heard.heard_ms, self._conversation.audio_ms(heard.item_id))
        try:
            self._conversation.truncate(heard.item_id, heard.content_index, end_ms)
        except InvalidConfigError:  # out of band, or deleted, or even another item's id by now
            return
        await self._send(
            ConversationItemTruncated(
                item_id=heard.item_id, content_index=heard.content_index, audio_end_ms=end_ms
            )
        )

    async def _tell(self, events: list[Event]) -> None:
        self._idle.playing(self._buffer.is_playing)
        for event in events:
            await self._send(event)
