"""What the agent says, where somebody here plays it: audio in, and how it is cut off.

The endpoint makes audio faster than it is heard, so who plays it says how much was, and the rest
is cut from the conversation (Realtime: conversation.item.truncate). What still comes of an answer
that was cut off does not count.

No I/O, no clock.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.formats import AudioFormat
from sipagent.wire import client, server
from sipagent.wire.events import Json

from . import events
from .conversation_events import AudioInterrupted, AudioStarted
from .outbox import Outbox
from .playback import HeardItem, Playback
from .wire_values import at_path

log = logging.getLogger(__name__)


class StreamedSpeech:
    """Decide what is heard of an agent who is played here.

    Args:
        out: Where it is said.
        playback: Knows what was heard.
        audio_format: Asked for.
        barge_in: Whether a caller who speaks cuts the agent off.
        before: Of the connection before, whose items may be heard still; None: there was none.
    """

    def __init__(
        self,
        out: Outbox,
        playback: Playback,
        audio_format: AudioFormat,
        *,
        barge_in: bool,
        before: StreamedSpeech | None = None,
    ) -> None:
        self._out, self._playback, self._format = out, playback, audio_format
        self._barge_in = barge_in
        self.response_id = ""
        self._received_bytes: dict[tuple[str, int], int] = {}
        self._made: set[tuple[str, int]] = set() if before is None else before._made
        """Over any connection; an endpoint can cut its own only."""
        self._audible: set[str] = set()
        self._interrupted: set[str] = set()
        self._is_auto_cancelling = False

    @property
    def has_spoken(self) -> bool:
        """Whether the session has made audio."""
        return bool(self._received_bytes)

    def configured(self, session: Json) -> None:
        """Note how the endpoint is configured."""
        detection = at_path(session, "audio", "input", "turn_detection")
        self._is_auto_cancelling = bool(at_path(detection, "interrupt_response"))
        try:
            self._format = AudioFormat.from_wire(at_path(session, "audio", "output", "format"))
        except ValueError:
            pass  # said in another way, or not at all: what was asked for holds

    def response_created(self, response_id: str) -> None:
        """Note that a response began."""
        self.response_id = response_id

    def response_done(self, response_id: str) -> None:
        """Note that nothing more comes of a response."""
        self._interrupted.discard(response_id)
        self._audible.discard(response_id)

    def is_dropped(self, response_id: str) -> bool:
        """Tell whether what still comes of a response does not count."""
        return response_id in self._interrupted

    def audio_delta(
        self, event: server.ResponseOutputAudioDelta, agent: RealtimeAgent, *, now: float
    ) -> None:
        """Take a piece of what ``agent`` says."""
        try:
            audio = b64decode(event.delta, validate=True)
        except (Base64Error, ValueError):
            log.warning("! dropped an audio delta that is not base64")
            return
        response_id, item_id, content_index = event.response_id, event.item_id, event.content_index
        key = item_id, content_index
        received = self._received_bytes.get(key)
        if received is None:
            self._made.add(key)
        self._received_bytes[key] = (received or 0) + len(audio)
        if response_id in self._interrupted:
            return
        if response_id not in self._audible:
            self._audible.add(response_id)
            self._out.tell(AudioStarted(agent, response_id, now))
        self._playback.received(item_id, content_index, len(audio) / self._format.bytes_per_ms, now)
        self._out.tell(events.AudioDelta(response_id, item_id, content_index, audio, now))

    def take(self, event: server.ServerEvent, *, now: float) -> None:
        """Take an event about what is heard, or about who speaks."""
        match event:
            case server.ResponseOutputAudioDone(response_id=response_id, item_id=item_id):
                if response_id not in self._interrupted:
                    self._playback.finished(item_id)
            case server.InputAudioBufferSpeechStarted():
                if self._barge_in and not self._playback.decides_interruptions:
                    self.interrupt(None, cancel=not self._is_auto_cancelling, now=now)
            case _:
                pass

    def stop(self, response_id: str, *, now: float) -> None:
        """Cut an answer off that must not be heard."""
        self.interrupt(self._playback.interrupt(response_id, now), cancel=True, now=now)

    def interrupt(self, heard: Sequence[HeardItem] | None, *, cancel: bool, now: float) -> None:
        """Tell the endpoint what was not heard, first item first.

        Args:
            heard: Every item that was being played or waited for it; None: as the playback says.
            cancel: Whether to cancel the response, which an endpoint with ``interrupt_response``
                does by itself.
            now: Monotonic seconds.
        """
        if heard is None:
            heard = self._playback.interrupt(self.response_id, now)
        is_ongoing = self._out.sequencer.is_ongoing and bool(self.response_id)
        is_cancelled = is_ongoing and cancel and self._out.sequencer.cancel()
        if is_ongoing:
            self._interrupted.add(self.response_id)
        if is_cancelled:
            self._out.send(client.ResponseCancel())
        if heard or is_cancelled:
            first = heard[0] if heard else None
            self._out.tell(
                AudioInterrupted(
                    first.item_id if first else "",
                    first.content_index if first else 0,
                    first.heard_ms if first else 0,
                    now,
                )
            )
        for item in heard:
            key = item.item_id, item.content_index
            is_of_another = key in self._made and key not in self._received_bytes
            if is_of_another or (item.finished and item.heard_ms >= item.received_ms):
                continue
            received_ms = self._received_ms(item.item_id, item.content_index)
            self._out.send(
                client.ConversationItemTruncate(
                    item_id=item.item_id,
                    content_index=item.content_index,
                    audio_end_ms=max(0, min(item.heard_ms, received_ms)),
                )
            )

    def _received_ms(self, item_id: str, content_index: int) -> int:
        return self._received_bytes.get((item_id, content_index), 0) // self._format.bytes_per_ms
