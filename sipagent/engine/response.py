"""One response: its events, in the order every client relies on.

``response.created``, ``rate_limits.updated``, then for each item: added, parts, deltas, done; last
``response.done``. A cancelled response still sends every ``done``.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

import numpy as np

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm
from sipagent.audio.tones import tone
from sipagent.wire import server
from sipagent.wire.events import Event

from .brain.brain import Answer, FunctionCall
from .items import Conversation
from .session_config import Json

CHUNK_MS = 100
SLOW_CHUNK_S = 0.05
"""Pace of ``long:<n>``: twice as fast as it is heard, slow enough to be interrupted."""

Send = Callable[[Event], Awaitable[None]]
Speak = Callable[[str], Awaitable[tuple[Pcm, int]]]


class Response:
    """Speak one answer.

    Args:
        conversation: Where its items go.
        session: Configuration in effect when it began.
        overrides: Of ``response.create``.
        send: Sends one event.
        speak: Returns a text as PCM, and its rate.
    """

    def __init__(
        self,
        conversation: Conversation,
        session: Json,
        overrides: Json,
        *,
        send: Send,
        speak: Speak,
    ) -> None:
        self.response_id = f"resp_{token_hex(10)}"
        self.has_spoken = False
        self._conversation, self._send, self._speak = conversation, send, speak
        audio = {**session["audio"]["output"], **(overrides.get("audio") or {}).get("output", {})}
        self._format = AudioFormat.from_wire(audio["format"])
        self._modalities: list[str] = (
            overrides.get("output_modalities") or session["output_modalities"]
        )
        self._metadata = overrides.get("metadata")
        self._max_output_tokens = session["max_output_tokens"]
        self._audio = {key: audio[key] for key in ("format", "voice")}
        self._items: list[str] = []
        self._output_ms = 0
        self._output_chars = 0
        self._cancelled_by = ""

    @property
    def is_cancelled(self) -> bool:
        """Tell whether it is ending early."""
        return bool(self._cancelled_by)

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
        if answer.slow_chunks:
            await self._message("", answer.slow_chunks)
        elif answer.say:
            await self._message(answer.say, 0)
        for call in answer.calls:
            if not self.is_cancelled:
                await self._function_call(call)

    async def end(self, *, input_tokens: int, error: str = "") -> None:
        """Send ``response.done``."""
        details: Json | None = None
        status = "completed"
        if error:
            status = "failed"
            details = {"type": status, "error": {"type": "server_error", "code": error}}
        elif self.is_cancelled:
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
            content["transcript"] = said
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
        if slow_chunks:
            text = " ".join(str(number + 1) for number in range(slow_chunks))
            pcm, rate_hz = tone(300, CHUNK_MS * slow_chunks, 8_000, level_dbov=-20), 8_000
        else:
            pcm, rate_hz = await self._speak(text)
        step = rate_hz * CHUNK_MS // 1000
        chunks = [pcm[start : start + step] for start in range(0, len(pcm), step)]
        words, told, sent = text.split(" "), 0, 0
        encoder = Encoder(self._format, rate_hz)
        for index, chunk in enumerate(chunks):
            if self.is_cancelled:
                break
            due = len(words) * (index + 1) // len(chunks)
            if due > told:
                delta = " ".join(words[told:due]) + (" " if due < len(words) else "")
                await self._send(server.ResponseOutputAudioTranscriptDelta(**where, delta=delta))
                told = due
            is_last = index == len(chunks) - 1
            data = encoder.encode(
                np.concatenate([chunk, np.zeros(step // 10, np.int16)]) if is_last else chunk
            )
            if data:
                self.has_spoken = True
                sent += len(data)
                self._conversation.set_audio_ms(where["item_id"], sent // self._format.bytes_per_ms)
                delta = b64encode(data).decode()
                await self._send(server.ResponseOutputAudioDelta(**where, delta=delta))
            await asyncio.sleep(SLOW_CHUNK_S if slow_chunks else 0)
        self._output_ms += sent // self._format.bytes_per_ms
        return " ".join(words[:told])

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
        is_whole = not self.is_cancelled or item["type"] == "function_call"
        item["status"] = "completed" if is_whole else "incomplete"
        if item["id"] not in self._conversation:
            return
        snapshot = self._conversation.snapshot(item["id"])
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
            "audio": {"output": dict(self._audio)},
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
