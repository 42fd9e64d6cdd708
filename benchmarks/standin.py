"""A stand-in for the realtime endpoint: does what it is told, and notes when things arrive.

Speaks as much of the protocol as a call needs, in the session's own formats, and shares no code
with the client it serves. It hears nothing by itself unless it is given an ``EnergyOnset``.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from sipagent.audio.g711 import pcmu_to_pcm

from .onset import EnergyOnset

DELTA_BYTES = 1_600
"""200 ms of PCMU: endpoints send a few hundred milliseconds at a time, faster than real time."""


@dataclass(frozen=True, slots=True)
class Append:
    """Caller audio that arrived."""

    at: float
    """Monotonic seconds."""
    audio: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """The client's word on what was heard."""

    at: float
    item_id: str
    audio_end_ms: int


@dataclass(slots=True)
class Said:
    """One answer of ours."""

    response_id: str
    item_id: str
    sent_at: float
    """Monotonic seconds when its first audio was sent."""
    where: dict[str, Any] = field(default_factory=dict)


class StandInSession:
    """One client's session.

    Args:
        socket: Past its handshake.
        number: Makes ids differ between sessions.
    """

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self._socket, self._number, self._count = socket, number, 0
        self._now = asyncio.get_running_loop().time
        self._ongoing: Said | None = None
        self.config: dict[str, Any] = {}
        self.appends: list[Append] = []
        self.truncates: list[Truncate] = []
        self.cancels = 0
        self.errors: list[str] = []
        self.onset: EnergyOnset | None = None
        """Sends ``speech_started`` by itself when this hears the caller (PCMU only)."""
        self.speech_started_at: list[float] = []
        self.is_configured = asyncio.Event()

    async def say(self, audio: bytes, *, leave_open: bool = False) -> Said:
        """Send one answer as fast as it goes.

        Args:
            audio: In the session's output format.
            leave_open: Stay in mid-answer, as if there were more to come.
        """
        await self.end_response("completed")
        said = await self._begin_response()
        for start in range(0, len(audio), DELTA_BYTES):
            await self.more(said, audio[start : start + DELTA_BYTES])
        if not leave_open:
            await self.end_response("completed")
        return said

    async def more(self, said: Said, audio: bytes) -> None:
        """Send one more delta of an answer, late or not."""
        delta = b64encode(audio).decode()
        await self._send("response.output_audio.delta", said.where, delta=delta)

    async def start_speech(self) -> float:
        """Claim to hear the caller; return when that was sent."""
        at = self._now()
        self._count += 1
        self.speech_started_at.append(at)
        item_id = f"item_user_{self._number}_{self._count}"
        await self._send(
            "input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=self._heard_ms()
        )
        return at

    async def stop_speech(self) -> None:
        """Claim that the caller stopped; nothing is answered."""
        item_id = f"item_user_{self._number}_{self._count}"
        await self._send(
            "input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=self._heard_ms()
        )
        await self._send("input_audio_buffer.committed", item_id=item_id, previous_item_id=None)

    async def end_response(self, status: str) -> None:
        """End the answer that is being made, if there is one: ``completed`` or ``cancelled``."""
        said, self._ongoing = self._ongoing, None
        if said is None:
            return
        item = _item(said.item_id, "completed" if status == "completed" else "incomplete")
        part = {"type": "audio", "transcript": "tone"}
        await self._send("response.output_audio.done", said.where)
        await self._send("response.output_audio_transcript.done", said.where, transcript="tone")
        await self._send("response.content_part.done", said.where, part=part)
        ids = {"response_id": said.response_id, "output_index": 0}
        await self._send("response.output_item.done", ids, item=item)
        response = _response(said.response_id, status)
        await self._send("response.done", response=response | {"output": [item]})

    async def run(self) -> None:
        """Serve until the client goes."""
        await self._send("session.created", session={"type": "realtime"})
        try:
            async for message in self._socket:
                at = self._now()
                await self._take(json.loads(message), at)
        except ConnectionClosed:
            pass

    async def _take(self, event: dict[str, Any], at: float) -> None:
        match event["type"]:
            case "input_audio_buffer.append":
                audio = b64decode(event["audio"])
                self.appends.append(Append(at, audio))
                if self.onset is not None and self.onset.feed(pcmu_to_pcm(audio)):
                    await self.start_speech()
            case "session.update":
                self.config |= event["session"]
                await self._send("session.updated", session=self.config)
                self.is_configured.set()
            case "conversation.item.truncate":
                item_id, end_ms = event["item_id"], event["audio_end_ms"]
                self.truncates.append(Truncate(at, item_id, end_ms))
                fields = {"item_id": item_id, "audio_end_ms": end_ms}
                index = event["content_index"]
                await self._send("conversation.item.truncated", fields, content_index=index)
            case "conversation.item.retrieve":
                pass  # asked after each truncation, for the history; nothing here waits for it
            case "response.create":
                await self.say(b"")
            case "response.cancel":
                self.cancels += 1
                await self.end_response("cancelled")
            case other:
                self.errors.append(other)

    async def _begin_response(self) -> Said:
        self._count += 1
        response_id = f"resp_{self._number}_{self._count}"
        item_id = f"item_{self._number}_{self._count}"
        ids: dict[str, Any] = {"response_id": response_id, "output_index": 0}
        where = ids | {"item_id": item_id, "content_index": 0}
        item = _item(item_id, "in_progress")
        await self._send("response.created", response=_response(response_id, "in_progress"))
        await self._send("response.output_item.added", ids, item=item)
        await self._send("conversation.item.added", item=item, previous_item_id=None)
        part = {"type": "audio", "transcript": ""}
        await self._send("response.content_part.added", where, part=part)
        self._ongoing = Said(response_id, item_id, self._now(), where=where)
        return self._ongoing

    def _heard_ms(self) -> int:
        return sum(len(append.audio) for append in self.appends) // 8

    async def _send(self, name: str, shared: dict[str, Any] | None = None, **own: Any) -> None:
        self._count += 1
        event = {"type": name, "event_id": f"event_{self._number}_{self._count}"}
        await self._socket.send(json.dumps(event | (shared or {}) | own))


class StandIn:
    """The listening end; made by :func:`standin`."""

    def __init__(self) -> None:
        self.url = ""
        self.sessions: asyncio.Queue[StandInSession] = asyncio.Queue()
        """Each new session, once it is configured."""
        self._count = 0

    async def handle(self, socket: ServerConnection) -> None:
        """Serve one client."""
        self._count += 1
        session = StandInSession(socket, self._count)
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._tell(session), name="stand-in session")
            await session.run()
            telling.cancel()

    async def _tell(self, session: StandInSession) -> None:
        await session.is_configured.wait()
        self.sessions.put_nowait(session)


@asynccontextmanager
async def standin() -> AsyncIterator[StandIn]:
    """Serve on a free port of 127.0.0.1 while the context lasts."""
    endpoint = StandIn()
    async with serve(endpoint.handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        endpoint.url = f"ws://127.0.0.1:{port}/v1/realtime"
        yield endpoint


def _item(item_id: str, status: str) -> dict[str, Any]:
    item = {"id": item_id, "object": "realtime.item", "type": "message", "role": "assistant"}
    return item | {"status": status, "content": []}


def _response(response_id: str, status: str) -> dict[str, Any]:
    reason = {"type": "cancelled", "reason": "turn_detected"} if status == "cancelled" else None
    usage = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}
    head = {"id": response_id, "object": "realtime.response", "status": status}
    return head | {"status_details": reason, "output": [], "usage": usage}
