"""One response: its events, in the order every client relies on.

``response.created``, ``rate_limits.updated``, then for each item: added, parts, deltas, done; last
``response.done``. A response that is cancelled, or whose voice fails, still sends every ``done``.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from copy import deepcopy
from secrets import token_hex
from typing import Any, Protocol

import numpy as np

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm, silence
from sipagent.audio.tones import tone
from sipagent.errors import EngineError
from sipagent.wire import server
from sipagent.wire.events import Event

from .brain.brain import Answer, FunctionCall
from .items import Conversation
from .pacing import Transcript
from .session_config import Json

log = logging.getLogger(__name__)

CHUNK_MS = 100
SLOW_CHUNK_S = 0.05
"""Pace of ``long:<n>``: twice as fast as it is heard, slow enough to be interrupted."""

Send = Callable[[Event], Awaitable[None]]


class Speak(Protocol):
    """Turns a text into PCM; tells its rate too."""

    async def __call__(self, text: str, voice: str, *, speed: float) -> tuple[Pcm, int]: ...


class Response:
    """Speak one answer.

    Args:
        conversation: Where its items go.
        session: Configuration in effect for it.
        send: Sends one event.
        speak: Its voice.
    """

    def __init__(
        self,
        conversation: Conversation,
        session: Json,
        *,
        send: Send,
        speak: Speak,
    ) -> None:
        self.response_id = f"resp_{token_hex(10)}"
        self.has_spoken = False
        self._conversation, self._send, self._speak = conversation, send, speak
        self._audio: Json = session["audio"]["output"]
        self._format = AudioFormat.from_wire(self._audio["format"])
        self._modalities: list[str] = session["output_modalities"]
        self._metadata = session.get("metadata")
        self._max_output_tokens = session["max_output_tokens"]
        self._items: list[str] = []
        self._output_ms = 0
        self._output_chars = 0
        self._cancelled_by = ""
        self._error = ""

    @property
    def is_cut(self) -> bool:
        """Tell whether it is ending early."""
        return bool(self._cancelled_by or self._error)

    def cancel(self, reason: str) -> None:
        """End it early: ``turn_detected`` or ``client_cancelled``."""
        self._cancelled_by = self._cancelled_by or reason

    async def begin(self) -> None:
        """Announce the response."""
        await self._send(server.ResponseCreated(response=self._object("in_progress", None)))
        limits = [
            {"name": name, "limit": 1_000_000, "remaining": 1_000_000, "reset_seconds": 0.0}
            for name in ("requests", "tokens")
        ]
        await self._send(server.RateLimitsUpdated(rate_limits=limits))

    async def run(self, answer: Answer) -> None:
        """Send the answer's items."""
        say = answer.say
        if answer.slow_chunks:
            say = " ".join(str(number + 1) for number in range(answer.slow_chunks))
        if say and not self.is_cut:
            await self._message(say, answer.slow_chunks)
        for call in answer.calls:
            if not self.is_cut:
                await self._function_call(call)

    async def end(self, *, input_tokens: int) -> None:
        """Send ``response.done``."""
        details: Json | None = None
        status = "completed"
        if self._error:
            status = "failed"
            details = {"type": status, "error": {"type": "server_error", "code": self._error}}
        elif self._cancelled_by:
            status = "cancelled"
            details = {"type": status, "reason": self._cancelled_by}
        done = self._object(status, self._usage(input_tokens))
        done["status_details"] = details
        await self._send(server.ResponseDone(response=done))

    # Items.

    async def _message(self, text: str, slow_chunks: int) -> None:
        item: Json = {
            "id": f"item_{token_hex(10)}",
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        at = await self._open(item)
        is_audio = self._modalities == ["audio"]
        kind, word = ("audio", "transcript") if is_audio else ("text", "text")
        where: dict[str, Any] = {
            "response_id": self.response_id,
            "item_id": item["id"],
            "output_index": at,
            "content_index": 0,
        }
        await self._send(server.ResponseContentPartAdded(**where, part={"type": kind, word: ""}))
        content: Json = {"type": f"output_{kind}", word: ""}
        item["content"].append(content)
        if is_audio:
            said = await self._say(text, slow_chunks, where)
            self._conversation.set_transcript(item["id"], said)
            await self._send(server.ResponseOutputAudioDone(**where))
            await self._send(server.ResponseOutputAudioTranscriptDone(**where, transcript=said))
        else:
            said = text
            content["text"] = said
            await self._send(server.ResponseOutputTextDelta(**where, delta=text))
            await self._send(server.ResponseOutputTextDone(**where, text=text))
        self._output_chars += len(said)
        part = {"type": kind, word: said}
        await self._send(server.ResponseContentPartDone(**where, part=part))
        await self._close(item, at)

    async def _say(self, text: str, slow_chunks: int, where: dict[str, Any]) -> str:
        pcm, rate_hz = await self._voice(text, slow_chunks)
        step = rate_hz * CHUNK_MS // 1000
        chunks = [pcm[start : start + step] for start in range(0, len(pcm), step)]
        if chunks:
            flushed = silence(step // 10)  # what resampling holds back at the end comes out
            chunks[-1] = np.concatenate([chunks[-1], flushed])
        transcript = Transcript(text, len(chunks))
        if not chunks and not self.is_cut:
            await self._tell(transcript.before(0), where)
        encoder, sent_bytes = Encoder(self._format, rate_hz), 0
        for index, chunk in enumerate(chunks):
            if self.is_cut:
                break
            await self._tell(transcript.before(index), where)
            data = encoder.encode(chunk)
            self.has_spoken = True
            sent_bytes += len(data)
            sent_ms = sent_bytes // self._format.bytes_per_ms
            self._conversation.set_audio_ms(where["item_id"], sent_ms)
            delta = b64encode(data).decode()
            await self._send(server.ResponseOutputAudioDelta(**where, delta=delta))
            await asyncio.sleep(SLOW_CHUNK_S if slow_chunks else 0)
        self._output_ms += sent_bytes // self._format.bytes_per_ms
        return transcript.told

    async def _voice(self, text: str, slow_chunks: int) -> tuple[Pcm, int]:
        if slow_chunks:
            return tone(300, CHUNK_MS * slow_chunks, 8_000, level_dbov=-20), 8_000
        try:
            return await self._speak(text, self._audio["voice"], speed=self._audio["speed"])
        except EngineError as failed:
            log.error("! %s", failed)
            self._error = "server_error"
            return silence(0), self._format.rate_hz

    async def _tell(self, delta: str, where: dict[str, Any]) -> None:
        if delta:
            await self._send(server.ResponseOutputAudioTranscriptDelta(**where, delta=delta))

    async def _function_call(self, call: FunctionCall) -> None:
        item: Json = {
            "id": f"item_{token_hex(10)}",
            "object": "realtime.item",
            "type": "function_call",
            "status": "in_progress",
            "call_id": f"call_{token_hex(8)}",
            "name": call.name,
            "arguments": "",
        }
        at = await self._open(item)
        where: dict[str, Any] = {
            "response_id": self.response_id,
            "item_id": item["id"],
            "output_index": at,
            "call_id": item["call_id"],
        }
        await self._send(server.ResponseFunctionCallArgumentsDelta(**where, delta=call.arguments))
        await self._send(
            server.ResponseFunctionCallArgumentsDone(
                **where, name=call.name, arguments=call.arguments
            )
        )
        item["arguments"] = call.arguments
        self._output_chars += len(call.arguments)
        await self._close(item, at)

    async def _open(self, item: Json) -> int:
        at = len(self._items)
        self._items.append(item["id"])
        previous = self._conversation.add(item)
        snapshot = self._conversation.snapshot(item["id"])
        await self._send(
            server.ResponseOutputItemAdded(
                response_id=self.response_id, output_index=at, item=snapshot
            )
        )
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        return at

    async def _close(self, item: Json, at: int) -> None:
        is_whole = not self.is_cut or item["type"] == "function_call"
        item["status"] = "completed" if is_whole else "incomplete"
        snapshot = deepcopy(item)
        if item["id"] in self._conversation:  # else its client has deleted it meanwhile
            previous = self._conversation.previous(item["id"])
            await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))
        await self._send(
            server.ResponseOutputItemDone(
                response_id=self.response_id, output_index=at, item=snapshot
            )
        )

    def _object(self, status: str, usage: Json | None) -> Json:
        items = [each for each in self._items if each in self._conversation]
        return {
            "id": self.response_id,
            "object": "realtime.response",
            "status": status,
            "status_details": None,
            "output": [self._conversation.snapshot(item_id) for item_id in items],
            "conversation_id": "conv_1",
            "output_modalities": list(self._modalities),
            "max_output_tokens": self._max_output_tokens,
            "audio": {"output": {key: self._audio[key] for key in ("format", "voice")}},
            "metadata": self._metadata,
            "usage": usage,
        }

    def _usage(self, input_tokens: int) -> Json:
        """Return tokens as the guide counts them: 50 ms of speech or 4 characters each."""
        audio, text = self._output_ms // 50, self._output_chars // 4
        return {
            "total_tokens": input_tokens + audio + text,
            "input_tokens": input_tokens,
            "output_tokens": audio + text,
            "input_token_details": {
                "text_tokens": input_tokens,
                "audio_tokens": 0,
                "image_tokens": 0,
                "cached_tokens": 0,
                "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": text, "audio_tokens": audio},
        }
