"""Agent audio on its way to the caller: decoded, held back while it is checked, queued to play.

Without anything to wait for it passes straight through. See ``audio.hold`` for how far a check
that passed lets audio go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sipagent.audio.formats import AudioFormat, Decoder
from sipagent.audio.hold import FinishItem, Hold, PlayAudio, Released
from sipagent.audio.playout import Heard
from sipagent.realtime.conversation_events import GuardrailCheckPassed
from sipagent.realtime.events import AudioDelta, AudioDone
from sipagent.realtime.guardrail_runs import Check, Trip
from sipagent.sip.media_port import MediaPort


@dataclass(frozen=True, slots=True)
class HoldSettings:
    """What agent audio waits for."""

    hold_ms: int = 0
    until_checked: bool = False
    """Only of use when everything that is said is checked."""


@dataclass(frozen=True, slots=True)
class BlockedAudio:
    """What became of the audio of a blocked answer."""

    held_ms: int
    """Never heard."""
    heard_ms: int
    """Heard before the check came back."""


class AgentAudio:
    """Play what the session makes.

    Args:
        media: The leg's.
        audio_format: Of the session.
        settings: What audio waits for.
    """

    def __init__(self, media: MediaPort, audio_format: AudioFormat, settings: HoldSettings) -> None:
        self._media, self._format = media, audio_format
        self._decoder = Decoder(audio_format, media.rate_hz)
        self._hold = Hold(
            media.rate_hz, hold_ms=settings.hold_ms, until_checked=settings.until_checked
        )
        self._reach_ms: dict[int, int] = {}
        self._items: dict[str, list[str]] = {}
        self._trusted = ""
        self._unfinished: set[str] = set()

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is played, queued or held back."""
        return self._media.is_idle and self._hold.is_idle

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return self._hold.deadline()

    def handle_timer(self, now: float) -> None:
        """Play what has waited long enough."""
        self._play(self._hold.due(now))

    def push(self, delta: AudioDelta, *, now: float) -> None:
        """Take audio."""
        items = self._items.setdefault(delta.response_id, [])
        if delta.item_id not in items:
            items.append(delta.item_id)
            if delta.response_id == self._trusted:
                self._hold.clear(delta.item_id)
        pcm = self._decoder.decode(delta.audio)
        index = delta.content_index
        self._unfinished.add(delta.item_id)
        self._play(self._hold.push(delta.item_id, pcm, content_index=index, now=now))

    def trust(self, response_id: str) -> None:
        """Let a response go without a check: nobody looks at what its agent says."""
        self._trusted = response_id

    def finish(self, done: AudioDone, *, now: float) -> None:
        """Note that no more audio of an item comes."""
        rest, index = self._decoder.flush(), done.content_index
        self._play(self._hold.push(done.item_id, rest, content_index=index, now=now))
        self._play(self._hold.finish(done.item_id, now=now))

    def check_started(self, check: Check) -> None:
        """Note how far a check reaches: to what had come when it began."""
        self._reach_ms[check.id] = self._hold.received_ms(check.item_id)

    def check_passed(self, passed: GuardrailCheckPassed, *, now: float) -> None:
        """Let go what a check let through."""
        check = passed.check
        self._hold.clear(check.item_id, self._reach_ms.pop(check.id, 0))
        if passed.is_cleared:
            for item_id in self._items.pop(check.response_id, []):
                self._hold.clear(item_id)
        self._play(self._hold.due(now))

    def block(self, trip: Trip) -> BlockedAudio:
        """Let nothing more be heard of an answer that was blocked."""
        self._items.pop(trip.response_id, None)
        blocked = [self._hold.block(item_id) for item_id in trip.item_ids]
        heard_ms = sum(self._media.heard(item_id) for item_id in trip.item_ids)
        return BlockedAudio(sum(each.held_ms for each in blocked), heard_ms)

    def abandon(self) -> dict[str, int]:
        """Let be heard what may be, and no more: the session is gone.

        Returns:
            By item that is not heard as its session meant it, how many milliseconds had come.
        """
        received = {item_id: self._hold.received_ms(item_id) for item_id in self._unfinished}
        self._hold.flush([])
        for item_id in received:
            self._media.finish(item_id)
        self._unfinished.clear()
        self._items.clear()
        self._reach_ms.clear()
        self._decoder = Decoder(self._format, self._media.rate_hz)
        return received

    def progress_ms(self, item_id: str) -> tuple[int, int]:
        """Return how much of an item was heard, and how much of it has come."""
        return self._media.heard(item_id), self._hold.received_ms(item_id)

    def cut(self) -> list[Heard]:
        """Drop all that waits; return what was heard."""
        heard: Sequence[Heard] = self._media.flush()
        self._decoder = Decoder(self._format, self._media.rate_hz)
        self._unfinished.clear()
        return self._hold.flush(heard)

    def _play(self, released: Sequence[Released]) -> None:
        for each in released:
            match each:
                case PlayAudio(item_id, content_index, pcm):
                    self._media.push(item_id, pcm, content_index=content_index)
                case FinishItem(item_id):
                    self._unfinished.discard(item_id)
                    self._media.finish(item_id)
