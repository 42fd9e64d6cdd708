"""Anybody's client of the engine: a plain WebSocket, and the events that came."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, get_args

from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu

Json = dict[str, Any]

LIMIT_S = 15.0
FRAME_SAMPLES = 160

PCMU: Json = {"type": "audio/pcmu"}
DESK: Json = {
    "prompt": {"id": "desk"},
    "audio": {
        "input": {"format": PCMU, "transcription": {"model": "any"}},
        "output": {"format": PCMU},
    },
}
"""A telephone session of the scripted desk."""


@cache
def official_events() -> dict[str, type[BaseModel]]:
    """Return the server events of the official client, by type."""
    members = get_args(get_args(RealtimeServerEvent)[0])
    return {get_args(each.model_fields["type"].annotation)[0]: each for each in members}


def official(message: str | bytes) -> Json:
    """Return an event; fail if the official client could not read it."""
    event: Json = json.loads(message)
    official_events()[event["type"]].model_validate(event)
    return event


class Client:
    """One session.

    Attributes:
        events: Everything that came, in order.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Json] = []
        self._read = 0

    async def send(self, name: str, **fields: Any) -> None:
        """Send an event."""
        await self.socket.send(json.dumps({"type": name, **fields}))

    async def until(self, name: str, **fields: Any) -> Json:
        """Return the next event of this type and with these fields; those before it are read."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    if event["type"] == name and fields.items() <= event.items():
                        return event
                self.events.append(official(await self.socket.recv()))

    async def update(self, **session: Any) -> Json:
        """Change the session; return it as it is then."""
        await self.send("session.update", session={"type": "realtime", **session})
        updated: Json = (await self.until("session.updated"))["session"]
        return updated

    async def create(self, item: Json, **fields: Any) -> Json:
        """Create an item; return it as the engine has it."""
        await self.send("conversation.item.create", item=item, **fields)
        created: Json = (await self.until("conversation.item.done"))["item"]
        return created

    async def type_in(self, text: str) -> None:
        """Send user text and ask for the answer."""
        content = [{"type": "input_text", "text": text}]
        await self.create({"type": "message", "role": "user", "content": content})
        await self.send("response.create")

    async def ask(self, text: str) -> Json:
        """Send user text; return the whole response to it."""
        await self.type_in(text)
        return await self.done()

    async def done(self) -> Json:
        """Return the response that ends next."""
        response: Json = (await self.until("response.done"))["response"]
        return response

    async def speak(self, pcm: Pcm) -> None:
        """Send 8 kHz audio in frames as of a telephone, faster than it is heard."""
        for start in range(0, len(pcm), FRAME_SAMPLES):
            frame = pcm_to_pcmu(pcm[start : start + FRAME_SAMPLES])
            await self.send("input_audio_buffer.append", audio=b64encode(frame).decode())

    async def refused(self, message: str | bytes) -> Json:
        """Send what is wrong; return the error."""
        await self.socket.send(message)
        error: Json = (await self.until("error"))["error"]
        return error

    async def error_of(self, name: str, **fields: Any) -> Json:
        """Send an event that is wrong; return the error."""
        return await self.refused(json.dumps({"type": name, **fields}))

    def types(self) -> list[str]:
        """Return the types of everything read, repeats told once."""
        read = [event["type"] for event in self.events[: self._read]]
        return [name for at, name in enumerate(read) if at == 0 or read[at - 1] != name]

    def audio(self, item_id: str) -> bytes:
        """Return the audio of an item that came."""
        return b"".join(
            b64decode(event["delta"])
            for event in self.events
            if event["type"] == "response.output_audio.delta" and event["item_id"] == item_id
        )


def words(response: Json) -> list[str]:
    """Return what the messages of a response say."""
    contents = [item["content"] for item in response["output"] if item["type"] == "message"]
    return [part["transcript"] for content in contents for part in content]


def tool_calls(response: Json) -> list[tuple[str, Json]]:
    """Return name and arguments of the calls of a response."""
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    return [(call["name"], json.loads(call["arguments"])) for call in calls]


@asynccontextmanager
async def connected(url: str, **session: Any) -> AsyncIterator[Client]:
    """Open a session, changed so; close it at the end."""
    # With a full queue it would not read any more, and so never see the end of the session.
    async with connect(f"{url}?model=any", compression=None, max_queue=None) as socket:
        client = Client(socket)
        await client.until("session.created")
        if session:
            await client.update(**session)
        yield client
