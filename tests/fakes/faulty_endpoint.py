"""A realtime endpoint that fails in the way a test wants: refuses, hangs, says nonsense, dies."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone

TONE_MS = 20_000
SAID = "Beep."
"""What every tone is to mean."""


class FaultyEndpoint:
    """Serve sessions on loopback.

    Attributes:
        fault: ``refuse``, ``hang``, ``silent`` (never confirms), ``lie`` (nonsense), ``wait``
            (lets in when ``may_enter`` is set) or ``""``.
        tone_ms: How long an answer is.
        said: What it is to mean; ``""``: the instructions of its response.
        hangs_up: Whether it calls the tool ``hangup`` with every answer.
        handshakes: How many came.
        sessions: Open ones, oldest first; abort one to let it die.
        heard: Of each session, whether caller audio came.
        is_over: Set when the test ends; lets go of those that hang.
    """

    def __init__(self) -> None:
        self.fault = ""
        self.tone_ms = TONE_MS
        self.said = SAID
        self.hangs_up = False
        self.handshakes = 0
        self.may_enter = asyncio.Event()
        self._answers = 0
        self.sessions: list[ServerConnection] = []
        self.heard: list[asyncio.Event] = []
        self.received: list[dict[str, Any]] = []
        self.port = 0
        self.is_over = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    def kill(self, index: int) -> None:
        """Let a session die without a word."""
        self.sessions[index].transport.abort()

    async def admit(self, connection: ServerConnection, _: Request) -> Response | None:
        """Refuse, hang, or let in."""
        self.handshakes += 1
        if self.fault == "wait":
            await self.may_enter.wait()
        if self.fault == "refuse":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no such key\n")
        if self.fault == "hang":
            await self.is_over.wait()
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too late\n")
        return None

    async def handle(self, connection: ServerConnection) -> None:
        """Speak one long tone to whoever asks for a response."""
        heard = asyncio.Event()
        self.sessions.append(connection)
        self.heard.append(heard)
        await self._send(connection, {"type": "session.created", "session": {}})
        async for message in connection:
            event = orjson.loads(message)
            if event["type"] == "input_audio_buffer.append":
                heard.set()
            else:
                self.received.append(event)
            if event["type"] == "session.update" and self.fault != "silent":
                await self._send(connection, {"type": "session.updated", "session": {}})
            elif event["type"] == "conversation.item.create":
                item = {"id": f"retold_{len(self.received)}", **event["item"]}
                await self._send(connection, {"type": "conversation.item.added", "item": item})
            elif event["type"] == "response.create":
                if self.fault == "lie":
                    await self._lie(connection)
                wanted = event.get("response") or {}
                await self.speak(connection, self.said or wanted.get("instructions", ""))

    async def _lie(self, connection: ServerConnection) -> None:
        for nonsense in ("{", "[]", '{"type":7}', '{"type":"response.output_audio.delta"}'):
            await connection.send(nonsense)
        await self._send(connection, {"type": "error", "error": "not an object"})

    async def speak(self, connection: ServerConnection, said: str = SAID) -> None:
        """Answer with a tone."""
        self._answers += 1
        response_id, item_id = f"resp_{self._answers}", f"item_{self._answers}"
        await self._send(connection, {"type": "response.created", "response": {"id": response_id}})
        where = {
            "response_id": response_id,
            "item_id": item_id,
            "output_index": 0,
            "content_index": 0,
        }
        audio = pcm_to_pcmu(tone(425, self.tone_ms, 8_000))
        for start in range(0, len(audio), 8_000):
            delta = b64encode(audio[start : start + 8_000]).decode()
            await self._send(
                connection, {"type": "response.output_audio.delta", **where, "delta": delta}
            )
        await self._send(connection, {"type": "response.output_audio.done", **where})
        transcript = {"type": "response.output_audio_transcript.done", **where, "transcript": said}
        await self._send(connection, transcript)
        part = {"type": "output_audio", "transcript": said}
        item = {"id": item_id, "type": "message", "role": "assistant", "status": "completed"}
        done = {"type": "response.output_item.done", "response_id": response_id, "output_index": 0}
        await self._send(connection, {**done, "item": {**item, "content": [part]}})
        if self.hangs_up:
            await self._send(connection, {**done, "output_index": 1, "item": self._tool("hangup")})
        done = {"id": response_id, "status": "completed", "output": []}
        await self._send(connection, {"type": "response.done", "response": done})

    async def hears_begin(self, item_id: str) -> None:
        """Hear the other side begin to say something, in the newest session."""
        start = {"item_id": item_id, "audio_start_ms": 0}
        event = {"type": "input_audio_buffer.speech_started", **start}
        await self._send(self.sessions[-1], event)

    async def hears_more(self, item_id: str, piece: str) -> None:
        """Hear the other side say a piece of something, in the newest session."""
        kind = "conversation.item.input_audio_transcription.delta"
        event = {"type": kind, "item_id": item_id, "content_index": 0, "delta": piece}
        await self._send(self.sessions[-1], event)

    async def says_heard(self, item_id: str, text: str) -> None:
        """Have heard the other side say something, in the newest session."""
        await self.hears_begin(item_id)
        stop = {"item_id": item_id, "audio_end_ms": 500}
        kind = "conversation.item.input_audio_transcription.completed"
        for event in (
            {"type": "input_audio_buffer.speech_stopped", **stop},
            {"type": kind, "item_id": item_id, "content_index": 0, "transcript": text},
        ):
            await self._send(self.sessions[-1], event)

    async def call(self, name: str) -> None:
        """Have the model call a tool without arguments, in the newest session."""
        self._answers += 1
        response_id = f"resp_{self._answers}"
        called = {"type": "response.output_item.done", "response_id": response_id}
        done = {"id": response_id, "status": "completed", "output": []}
        for event in (
            {"type": "response.created", "response": {"id": response_id}},
            {**called, "output_index": 0, "item": self._tool(name)},
            {"type": "response.done", "response": done},
        ):
            await self._send(self.sessions[-1], event)

    def _tool(self, name: str) -> dict[str, Any]:
        called = {"name": name, "arguments": "{}", "call_id": f"call_{self._answers}"}
        return {"type": "function_call", "status": "completed", **called}

    def asked(self) -> list[str]:
        """Return the instructions of the responses that were asked for, in order."""
        asked = [event for event in self.received if event["type"] == "response.create"]
        return [event.get("response", {}).get("instructions", "") for event in asked]

    async def _send(self, connection: ServerConnection, event: dict[str, Any]) -> None:
        await connection.send(orjson.dumps(event).decode())


@asynccontextmanager
async def faulty_endpoint() -> AsyncIterator[FaultyEndpoint]:
    """Run one on a free port."""
    endpoint = FaultyEndpoint()
    server = await serve(
        endpoint.handle, "127.0.0.1", 0, process_request=endpoint.admit, close_timeout=0.2
    )
    endpoint.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield endpoint
    finally:
        endpoint.is_over.set()
        server.close(close_connections=True)
        await server.wait_closed()
