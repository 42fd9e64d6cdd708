"""A message of a response: words, and their sound if it is to be heard.

Realtime: ``response.content_part.*``, ``response.output_audio.*``, ``response.output_text.*``.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from secrets import token_hex
from typing import Any, Protocol

import numpy as np

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm, silence
from sipagent.audio.tones import tone
from sipagent.errors import EngineError
from sipagent.wire import server

from .checks import Json
from .output import Output
from .pacing import Transcript, words_of

log = logging.getLogger(__name__)

CHUNK_MS = 100
SLOW_CHUNK_S = 0.05
"""Pace of ``long:<n>``: twice as fast as it is heard, slow enough to be interrupted."""


class Speak(Protocol):
    """Turns a text into PCM; tells its rate too."""

    async def __call__(self, text: str, voice: str, *, speed: float) -> tuple[Pcm, int]: ...


class Player(Protocol):
    """Plays answers to the caller, where that is not the client's task."""

    def play(self, response_id: str, item_id: str, pcm: Pcm, rate_hz: int) -> None:
        """Play more of an item."""

    def finish(self, item_id: str) -> None:
        """Note that no more of an item comes."""


class Speaking:
    """Say the messages of one response.

    Args:
        output: Where they go.
        session: Configuration in effect for it.
        speak: Its voice.
        player: Plays it; None: the client does, and is sent the audio.
    """

    def __init__(self, output: Output, session: Json, speak: Speak, player: Player | None) -> None:
        self.has_spoken = False
        self._output, self._speak, self._player = output, speak, player
        self._is_audio = session["output_modalities"] == ["audio"]
        self._audio: Json = session["audio"]["output"]
        self._format = AudioFormat.from_wire(self._audio["format"])

    async def message(self, text: str, slow_chunks: int) -> None:
        """Say ``text``, or chunks of a tone at a pace."""
        item: Json = {
            "id": f"item_{token_hex(10)}",
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        at = await self._output.open(item)
        where = {**self._output.where(item, at), "content_index": 0}
        kind, word = ("audio", "transcript") if self._is_audio else ("text", "text")
        send = self._output.send
        await send(server.ResponseContentPartAdded(**where, part={"type": kind, word: ""}))
        content: Json = {"type": f"output_{kind}", word: ""}
        item["content"].append(content)
        if self._is_audio:
            said = await self._say(text, slow_chunks, where)
            self._output.conversation.set_transcript(item["id"], said)
            await send(server.ResponseOutputAudioDone(**where))
            await send(server.ResponseOutputAudioTranscriptDone(**where, transcript=said))
        else:
            said = content["text"] = await self._write(text, slow_chunks, where)
            await send(server.ResponseOutputTextDone(**where, text=said))
        await send(server.ResponseContentPartDone(**where, part={"type": kind, word: said}))
        await self._output.close(item, at, is_whole=not self._output.is_cut)

    async def _write(self, text: str, slow_chunks: int, where: dict[str, Any]) -> str:
        written = ""
        for word in words_of(text):
            if self._output.is_cut or not self._output.spend(chars=len(word)):
                break
            written += word
            await self._output.send(server.ResponseOutputTextDelta(**where, delta=word))
            await asyncio.sleep(SLOW_CHUNK_S if slow_chunks else 0)
        return written

    async def _say(self, text: str, slow_chunks: int, where: dict[str, Any]) -> str:
        pcm, rate_hz = await self._voice(text, slow_chunks)
        step = rate_hz * CHUNK_MS // 1000
        chunks = [pcm[start : start + step] for start in range(0, len(pcm), step)]
        if chunks:
            flushed = silence(step // 10)  # what resampling holds back at the end comes out
            chunks[-1] = np.concatenate([chunks[-1], flushed])
        transcript, told = Transcript(text, len(chunks)), ""
        if not chunks and not self._output.is_cut:
            told = await self._tell(transcript.before(0), 0, where)
        encoder, sent_bytes = Encoder(self._format, rate_hz), 0
        for index, chunk in enumerate(chunks):
            if self._output.is_cut:
                break
            data = encoder.encode(chunk)
            before_ms = sent_bytes // self._format.bytes_per_ms
            sent_ms = (sent_bytes + len(data)) // self._format.bytes_per_ms
            told += await self._tell(transcript.before(index), sent_ms - before_ms, where)
            if self._output.is_cut:  # it may have been meanwhile, or what was left did not suffice
                break
            sent_bytes += len(data)
            self._keep(data, sent_ms, where["item_id"])
            await self._give(data, chunk, rate_hz, where)
            await asyncio.sleep(SLOW_CHUNK_S if slow_chunks else 0)
        if self._player is not None:
            self._player.finish(where["item_id"])
        return told

    def _keep(self, data: bytes, sent_ms: int, item_id: str) -> None:
        self.has_spoken = True
        conversation = self._output.conversation
        conversation.set_audio_ms(item_id, sent_ms)
        conversation.keep_audio(item_id, data, bytes_per_ms=self._format.bytes_per_ms)

    async def _give(self, data: bytes, pcm: Pcm, rate_hz: int, where: dict[str, Any]) -> None:
        if self._player is not None:
            self._player.play(where["response_id"], where["item_id"], pcm, rate_hz)
            return
        delta = b64encode(data).decode()
        await self._output.send(server.ResponseOutputAudioDelta(**where, delta=delta))

    async def _tell(self, words: str, audio_ms: int, where: dict[str, Any]) -> str:
        """Tell words ahead of their sound, if both may still be spent; return what was told."""
        if not self._output.spend(audio_ms=audio_ms, chars=len(words)):
            return ""
        if words:
            delta = server.ResponseOutputAudioTranscriptDelta(**where, delta=words)
            await self._output.send(delta)
        return words

    async def _voice(self, text: str, slow_chunks: int) -> tuple[Pcm, int]:
        if slow_chunks:
            return tone(300, CHUNK_MS * slow_chunks, 8_000, level_dbov=-20), 8_000
        try:
            return await self._speak(text, self._audio["voice"], speed=self._audio["speed"])
        except EngineError as failed:
            log.error("! %s", failed)
            self._output.error = "server_error"
            return silence(0), self._format.rate_hz
