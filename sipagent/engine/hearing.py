"""The caller's side of a session: audio in, turns told, user items and their words out.

| resource    | acquired            | released              | on failure                          |
|-------------|---------------------|-----------------------|-------------------------------------|
| recognition | start of a turn, or | end of its utterance  | told as ``failed``; the turn is     |
|             | a client's commit   |                       | answered as one nobody understood   |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from secrets import token_hex

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm
from sipagent.errors import EngineError
from sipagent.wire import server
from sipagent.wire.events import Event

from .brain.scripts import Scripts, model_name
from .checks import InvalidConfigError, Json
from .idle_watch import IdleWatch
from .items import Conversation
from .listening import Change, Listening, Utterance
from .output import Send
from .pacing import words_of
from .stt.pool import RecogniserPool
from .tasks import Tasks
from .vad.silero import RATE_HZ
from .vad.turns import TurnEnded, TurnSettings, TurnStarted

log = logging.getLogger(__name__)


class Hearing:
    """Hear the caller.

    Args:
        session: In effect.
        conversation: Where user items go.
        recognisers: Shared.
        scripts: What each prompt means.
        idle: Told when the caller speaks.
        interrupt: Called when a turn starts that cuts the agent off.
        answer: Called with the item of a turn that wants an answer, once its words are known.
        send: Sends one event.
        tasks: Owns recognition.
    """

    def __init__(
        self,
        session: Json,
        conversation: Conversation,
        recognisers: RecogniserPool,
        scripts: Scripts,
        idle: IdleWatch,
        *,
        interrupt: Callable[[], Awaitable[None]],
        answer: Callable[[str], Awaitable[None]],
        send: Send,
        tasks: Tasks,
    ) -> None:
        self._conversation, self._recognisers, self._idle = conversation, recognisers, idle
        self._scripts = scripts
        self._interrupt, self._answer = interrupt, answer
        self._send, self._tasks = send, tasks
        self._session, self._format = session, AudioFormat.PCM24
        self._listening = Listening(self._format, self._settings)
        self.item_id = ""
        """Of the turn under way, or the last one."""
        self._unknown: set[str] = set()
        self._all_known = asyncio.Event()
        self._all_known.set()

    def configure(self, session: Json) -> None:
        """Take new settings; a turn under way goes on under them."""
        self._session = session
        self._format = AudioFormat.from_wire(session["audio"]["input"]["format"])
        self._listening.configure(self._format, self._settings)
        detection = session["audio"]["input"]["turn_detection"] or {}
        self._idle.configure(detection.get("idle_timeout_ms"))

    async def append(self, audio: str) -> None:
        """Take base64 audio.

        Raises:
            WireError: If it is not base64, or ends inside a sample.
        """
        await self._take(self._listening.append(audio))

    async def hear(self, pcm: Pcm) -> None:
        """Take audio at 8 kHz."""
        await self._take(self._listening.hear(pcm))

    async def _take(self, changes: list[Change]) -> None:
        for change, utterance in changes:
            match change:
                case TurnStarted():
                    await self._turn_started(change, utterance)
                case TurnEnded():
                    self._idle.speech_ended()
                    await self._send(
                        server.InputAudioBufferSpeechStopped(
                            audio_end_ms=change.audio_end_ms, item_id=self.item_id
                        )
                    )
                    await self._commit(self.item_id, utterance)
                    utterance.end(is_turn=True)

    async def commit(self) -> None:
        """Make an item of what waits, or of the turn under way; its client asks for the answer.

        Raises:
            InvalidConfigError: If there is too little.
        """
        if not self._listening.can_commit:
            raise InvalidConfigError(
                "type", "the buffer holds less than 100 ms", "input_audio_buffer_commit_empty"
            )
        utterance = self._listening.take()
        self._idle.speech_ended()
        if not utterance.is_recognised:
            self._recognise(utterance)
        await self._commit(self.item_id, utterance)
        utterance.end()

    async def clear(self) -> None:
        """Drop what waits, and the turn under way."""
        self._listening.take().end()
        self._idle.speech_ended()
        await self._send(server.InputAudioBufferCleared())

    async def timed_out(self, silent_s: float) -> None:
        """Make an item of nothing, since nobody spoke for so long."""
        item_id = f"item_{token_hex(10)}"
        audio_end_ms = self._listening.audio_ms
        await self._send(
            server.InputAudioBufferTimeoutTriggered(
                audio_start_ms=max(0, audio_end_ms - round(silent_s * 1000)),
                audio_end_ms=audio_end_ms,
                item_id=item_id,
            )
        )
        await self._add(item_id)

    async def known(self) -> None:
        """Wait until the words of every committed item are known."""
        await self._all_known.wait()

    @property
    def _settings(self) -> TurnSettings | None:
        detection = self._session["audio"]["input"]["turn_detection"]
        return None if detection is None else TurnSettings.from_wire(detection)

    async def _turn_started(self, change: TurnStarted, utterance: Utterance) -> None:
        self._idle.speech_began()
        self._recognise(utterance)
        await self._send(
            server.InputAudioBufferSpeechStarted(
                audio_start_ms=change.audio_start_ms, item_id=self.item_id
            )
        )
        settings = self._settings
        if settings is not None and settings.interrupts_response:
            await self._interrupt()

    async def _commit(self, item_id: str, utterance: Utterance) -> None:
        self._unknown.add(item_id)
        self._all_known.clear()
        await self._add(item_id, utterance)

    async def _add(self, item_id: str, utterance: Utterance | None = None) -> None:
        item: Json = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "audio": None, "transcript": None}],
        }
        previous = self._conversation.add(item)
        if utterance is not None:
            audio = Encoder(self._format, RATE_HZ).encode(utterance.pcm)
            per_ms = self._format.bytes_per_ms
            self._conversation.keep_audio(item_id, audio, bytes_per_ms=per_ms)
        await self._send(
            server.InputAudioBufferCommitted(item_id=item_id, previous_item_id=previous)
        )
        snapshot = self._conversation.snapshot(item_id)
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))

    def _recognise(self, utterance: Utterance) -> None:
        """Give an utterance an item id, and recognise it while it is spoken."""
        self.item_id = f"item_{token_hex(10)}"
        utterance.is_recognised = True
        self._tasks.start(self._hear(self.item_id, utterance), "turn")

    async def _hear(self, item_id: str, utterance: Utterance) -> None:
        text = await self._words(utterance)
        await utterance.ended.wait()
        self._unknown.discard(item_id)
        if not self._unknown:
            self._all_known.set()
        if item_id not in self._conversation:  # cleared, or deleted
            return
        self._conversation.set_transcript(item_id, text)
        if self._session["audio"]["input"]["transcription"] is not None:
            for word in words_of(text or ""):
                delta = server.InputAudioTranscriptionDelta(
                    item_id=item_id, content_index=0, delta=word
                )
                await self._send(delta)
            await self._send(_transcribed(item_id, text, utterance.audio_ms))
        settings = self._settings
        if utterance.is_turn and settings is not None and settings.creates_response:
            await self._answer(item_id)

    async def _words(self, utterance: Utterance) -> str | None:
        """Return what is said, None if it cannot be known."""
        script = self._scripts.find(self._session["prompt"])
        model = "" if script is None else model_name(script)
        if not self._recognisers.knows(model):
            return ""
        try:
            return await self._recognisers.recognise(model, utterance.audio())
        except EngineError as error:
            log.warning("! %s", error)
            return None


def _transcribed(item_id: str, text: str | None, audio_ms: int) -> Event:
    if text is None:
        error = {"type": "server_error", "code": None, "message": "not recognised", "param": None}
        return server.InputAudioTranscriptionFailed(item_id=item_id, content_index=0, error=error)
    return server.InputAudioTranscriptionCompleted(
        item_id=item_id,
        content_index=0,
        transcript=text,
        usage={"type": "duration", "seconds": audio_ms / 1000},
    )
