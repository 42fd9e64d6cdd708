"""One client's session with the engine: messages in order, turns, responses.

Messages of a connection are handled strictly in order. A response runs in a task of its own, so
that caller audio is still heard, and can interrupt, while it is made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any, Protocol

from sipagent.audio.formats import AudioFormat
from sipagent.audio.frames import Pcm
from sipagent.errors import EngineError, WireError
from sipagent.wire import client, server
from sipagent.wire.codec import decode_client, encode
from sipagent.wire.events import Event, UnknownEvent

from .brain.brain import Brain, Turn
from .brain.script import Script
from .items import Conversation, checked_item
from .listening import Listening, Utterance
from .response import Response
from .session_config import InvalidConfigError, Json, default_session, updated_session
from .stt.pool import RecogniserPool
from .tts.speaker import Speaker
from .tts.voices import espeak_voice
from .vad.turns import TurnSettings, TurnStarted

log = logging.getLogger(__name__)

LIFETIME_S = 3_600


class Socket(Protocol):
    """What a connection needs of its WebSocket."""

    async def send(self, message: str) -> None:
        """Send one text message."""


class Connection:
    """Serve one client.

    Args:
        socket: Where events go.
        model: Of the URL.
        scripts: By prompt id.
        recognisers: Shared.
        speaker: Shared.
        now: Unix seconds, for ``expires_at``.
    """

    def __init__(
        self,
        socket: Socket,
        model: str,
        *,
        scripts: dict[str, Script],
        recognisers: RecogniserPool,
        speaker: Speaker,
        now: int,
    ) -> None:
        self._socket, self._scripts = socket, scripts
        self._recognisers, self._speaker = recognisers, speaker
        self._session = default_session(f"sess_{token_hex(10)}", model, now + LIFETIME_S)
        self._conversation = Conversation()
        self._listening = Listening(AudioFormat.PCM24, self._turn_settings())
        self._brain = Brain()
        self._response: Response | None = None
        self._responding: asyncio.Task[None] | None = None
        self._has_spoken = False
        self._item_id = f"item_{token_hex(10)}"
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Greet the client."""
        await self._send(server.SessionCreated(session=self._session))

    async def handle(self, message: str | bytes) -> None:
        """Handle one message; what is wrong with it is answered with ``error``."""
        event_id: str | None = None
        try:
            event = decode_client(message)
            event_id = event.event_id
            await self._handle(event)
        except WireError as error:
            await self._error(str(error), param=error.param, event_id=event_id)
        except InvalidConfigError as error:
            await self._error(str(error), code=error.code, param=error.param, event_id=event_id)

    async def close(self) -> None:
        """Stop what is under way."""
        self._listening.utterance.end()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle(self, event: client.ClientEvent) -> None:
        match event:
            case client.InputAudioBufferAppend(audio=audio):
                for change, utterance in self._listening.append(audio):
                    await self._turn_changed(change, utterance)
            case client.SessionUpdate(session=update):
                await self._update(update)
            case client.InputAudioBufferCommit():
                await self._commit_buffer()
            case client.InputAudioBufferClear():
                self._listening.take()
                await self._send(server.InputAudioBufferCleared())
            case client.ResponseCreate(response=overrides):
                await self._create_response(overrides)
            case client.ResponseCancel():
                if self._response is None:
                    raise InvalidConfigError(
                        "response_id", "no response is active", "response_cancel_not_active"
                    )
                self._response.cancel("client_cancelled")
            case client.OutputAudioBufferClear():
                raise InvalidConfigError("type", "the client of this session plays the audio")
            case UnknownEvent(type=name):
                raise InvalidConfigError("type", f"unknown event {name!r}")
            case _:
                await self._handle_item(event)

    async def _handle_item(self, event: client.ClientEvent) -> None:
        match event:
            case client.ConversationItemCreate(item=item, previous_item_id=after):
                checked = checked_item(item, f"item_{token_hex(10)}")
                await self._add_item(checked, after)
            case client.ConversationItemRetrieve(item_id=item_id):
                self._conversation.item(item_id, "retrieve")
                item = self._conversation.snapshot(item_id)
                await self._send(server.ConversationItemRetrieved(item=item))
            case client.ConversationItemDelete(item_id=item_id):
                self._conversation.delete(item_id)
                await self._send(server.ConversationItemDeleted(item_id=item_id))
            case client.ConversationItemTruncate():
                self._conversation.truncate(event.item_id, event.content_index, event.audio_end_ms)
                await self._send(
                    server.ConversationItemTruncated(
                        item_id=event.item_id,
                        content_index=event.content_index,
                        audio_end_ms=event.audio_end_ms,
                    )
                )
            case _:
                pass

    # Session.

    async def _update(self, update: Json) -> None:
        self._session = updated_session(self._session, update, has_spoken=self._has_spoken)
        audio_format = AudioFormat.from_wire(self._session["audio"]["input"]["format"])
        self._listening.configure(audio_format, self._turn_settings())
        prompt = self._session["prompt"] or {}
        self._brain.script = self._scripts.get(prompt.get("id", ""))
        self._brain.agent = str((prompt.get("variables") or {}).get("agent", ""))
        await self._send(server.SessionUpdated(session=self._session))

    def _turn_settings(self) -> TurnSettings | None:
        detection = self._session["audio"]["input"]["turn_detection"]
        return None if detection is None else TurnSettings.from_wire(detection)

    # Caller audio.

    async def _turn_changed(self, change: Any, utterance: Utterance) -> None:
        settings = self._turn_settings()
        if isinstance(change, TurnStarted):
            self._item_id = f"item_{token_hex(10)}"
            await self._send(
                server.InputAudioBufferSpeechStarted(
                    audio_start_ms=change.audio_start_ms, item_id=self._item_id
                )
            )
            if self._response is not None and settings and settings.interrupts_response:
                self._response.cancel("turn_detected")
            self._start(self._transcribe(self._item_id, utterance), "turn")
            return
        await self._send(
            server.InputAudioBufferSpeechStopped(
                audio_end_ms=change.audio_end_ms, item_id=self._item_id
            )
        )
        await self._commit(self._item_id)

    async def _commit_buffer(self) -> None:
        if not self._listening.can_commit:
            raise InvalidConfigError(
                "type", "the buffer holds less than 100 ms", "input_audio_buffer_commit_empty"
            )
        self._item_id = f"item_{token_hex(10)}"
        utterance = self._listening.take()
        utterance.end()
        self._start(self._transcribe(self._item_id, utterance, responds=False), "commit")
        await self._commit(self._item_id)

    async def _commit(self, item_id: str) -> None:
        item: Json = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "audio": None, "transcript": None}],
        }
        previous = self._conversation.add(item)
        await self._send(
            server.InputAudioBufferCommitted(item_id=item_id, previous_item_id=previous)
        )
        snapshot = self._conversation.snapshot(item_id)
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))

    async def _transcribe(
        self, item_id: str, utterance: Utterance, *, responds: bool = True
    ) -> None:
        """Recognise a turn while it is spoken; then tell, and answer if the session wants it."""
        prompt_id = (self._session["prompt"] or {}).get("id", "")
        text = ""
        try:
            if self._recognisers.knows(prompt_id):
                text = await self._recognisers.recognise(prompt_id, utterance.audio())
            else:
                async for _ in utterance.audio():
                    pass
        except EngineError as error:
            log.warning("! %s", error)
        if item_id not in self._conversation:
            return
        self._conversation.item(item_id, "retrieve")["content"][0]["transcript"] = text
        if self._session["audio"]["input"]["transcription"] is not None:
            await self._send(
                server.InputAudioTranscriptionCompleted(
                    item_id=item_id,
                    content_index=0,
                    transcript=text,
                    usage={"type": "duration", "seconds": utterance.audio_ms / 1000},
                )
            )
        settings = self._turn_settings()
        if responds and settings is not None and settings.creates_response:
            if self._responding is not None:  # cancelled, it still owes its last events
                await asyncio.wait([self._responding])
            self._begin_response({})

    # Items and responses.

    async def _add_item(self, item: Json, after: str | None) -> None:
        previous = self._conversation.add(item, after=after)
        snapshot = self._conversation.snapshot(item["id"])
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))

    async def _create_response(self, overrides: Json) -> None:
        if self._response is not None:
            active = self._response.response_id
            raise InvalidConfigError(
                "response",
                f"Conversation already has an active response in progress: {active}",
                "conversation_already_has_active_response",
            )
        if overrides.get("conversation", "auto") != "auto":
            raise InvalidConfigError("response.conversation", "only 'auto' is supported")
        self._begin_response(overrides)

    def _begin_response(self, overrides: Json) -> None:
        if self._response is not None:
            return
        self._response = Response(
            self._conversation, self._session, overrides, send=self._send, speak=self._speak
        )
        self._responding = self._start(self._respond(self._response, overrides), "response")

    async def _respond(self, response: Response, overrides: Json) -> None:
        turn = self._turn(overrides)
        error = ""
        try:
            await response.begin()
            try:
                await response.run(self._brain.answer(turn))
            except EngineError as failed:
                log.error("! %s", failed)
                error = "server_error"
        finally:
            self._has_spoken = self._has_spoken or response.has_spoken
            self._response = None
        await response.end(input_tokens=len(str(turn.text or "")) // 4 + 1, error=error)

    def _turn(self, overrides: Json) -> Turn:
        items = self._conversation.items()
        names = {item["call_id"]: item["name"] for item in items if item["type"] == "function_call"}
        outputs: list[tuple[str, str]] = []
        text: str | None = None
        is_typed = False
        for item in reversed(items):
            if item["type"] == "function_call_output":
                outputs.insert(0, (names.get(item["call_id"], ""), item["output"]))
                continue
            if item["type"] == "message" and item["role"] == "user" and not outputs:
                text, is_typed = _user_text(item)
            break
        return Turn(
            text=text,
            is_typed=is_typed,
            outputs=tuple(outputs),
            instructions=str(overrides.get("instructions", "")),
            tools=frozenset(
                str(tool.get("name")) for tool in overrides.get("tools") or self._session["tools"]
            ),
        )

    async def _speak(self, text: str) -> tuple[Pcm, int]:
        voice = espeak_voice(self._session["audio"]["output"]["voice"])
        # One voice for a session, yet each persona of a script has its own pitch.
        pitch = voice.pitch + 12 * _position(self._brain)
        shifted = type(voice)(voice.name, min(99, pitch))
        return await self._speaker.speak(text, shifted), self._speaker.rate_hz

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=f"engine {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.debug("%s ended: %s", task.get_name(), type(task.exception()).__name__)

    async def _send(self, event: Event) -> None:
        await self._socket.send(
            encode(event.model_copy(update={"event_id": f"event_{token_hex(10)}"}))
        )

    async def _error(
        self,
        message: str,
        *,
        code: str | None = "invalid_value",
        param: str | None = None,
        event_id: str | None = None,
    ) -> None:
        detail = server.ErrorDetail(
            type="invalid_request_error",
            message=message,
            code=code,
            param=param,
            event_id=event_id,
        )
        await self._send(server.ErrorEvent(error=detail))


def _user_text(item: Json) -> tuple[str | None, bool]:
    for part in item["content"]:
        if part.get("type") == "input_text":
            return str(part.get("text", "")), True
        if part.get("type") == "input_audio":
            return str(part.get("transcript") or ""), False
    return None, False


def _position(brain: Brain) -> int:
    """Return which persona of the script speaks, 0 for the first."""
    if brain.script is None:
        return 0
    names = [agent.name for agent in brain.script.agents]
    return names.index(brain.agent) if brain.agent in names else 0
