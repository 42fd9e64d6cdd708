"""A relay between an SDK and the engine, that keeps every event and checks those of the engine."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]

LIMIT_S = 15.0
NOT_DECLARED = {"id", "object", "expires_at", "status"}
"""Of every session and item; the official types leave them out of some."""

OFFICIAL: TypeAdapter[BaseModel] = TypeAdapter(RealtimeServerEvent)


def undeclared(value: object) -> set[str]:
    """Return the fields the official classes do not have, of inner objects too."""
    if isinstance(value, list):
        return set().union(*map(undeclared, value))
    if not isinstance(value, BaseModel):
        return set()
    inner = [undeclared(getattr(value, name)) for name in type(value).model_fields]
    return set(value.model_extra or ()).union(*inner)


class Recorder:
    """What went over the wire of one session.

    Attributes:
        url: For the SDK to connect to.
        sent: Events of the SDK.
        received: Events of the engine.
        wrong: Events of the engine that the official types do not allow, and why.
    """

    def __init__(self, engine: str) -> None:
        self.url = ""
        self.sent: list[Json] = []
        self.received: list[Json] = []
        self.wrong: list[str] = []
        self._engine = engine
        self._came = asyncio.Event()

    def of(self, name: str) -> list[Json]:
        """Return the events of one type, whoever sent them."""
        return [event for event in self.sent + self.received if event["type"] == name]

    def types(self, *names: str) -> list[str]:
        """Return the types of what the SDK sent, of these only."""
        return [event["type"] for event in self.sent if event["type"] in names]

    def outputs(self) -> list[str]:
        """Return the function outputs the SDK sent."""
        items = [event["item"] for event in self.of("conversation.item.create")]
        return [item["output"] for item in items if item["type"] == "function_call_output"]

    def audio_bytes(self, item_id: str) -> int:
        """Return how much audio of an item the engine sent."""
        deltas = self.of("response.output_audio.delta")
        return sum(len(b64decode(each["delta"])) for each in deltas if each["item_id"] == item_id)

    async def until(self, name: str, count: int = 1) -> Json:
        """Return event number ``count`` of a type once it has passed."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.of(name)) < count:
                self._came.clear()
                await self._came.wait()
        return self.of(name)[count - 1]

    async def relay(self, sdk: ServerConnection) -> None:
        """Serve one session of an SDK."""
        assert sdk.request is not None
        query = urlsplit(sdk.request.path).query
        url = f"{self._engine}?{query}" if query else self._engine
        async with (
            connect(url, max_size=None, max_queue=None, proxy=None) as engine,
            asyncio.TaskGroup() as pumps,
        ):
            pumps.create_task(self._pump(sdk, engine, self.sent.append))
            pumps.create_task(self._pump(engine, sdk, self._check))

    async def _pump(
        self,
        source: ClientConnection | ServerConnection,
        sink: ClientConnection | ServerConnection,
        keep: Callable[[Json], None],
    ) -> None:
        try:
            async for message in source:
                keep(json.loads(message))
                self._came.set()
                await sink.send(message)
        except ConnectionClosed:
            pass
        await sink.close()

    def _check(self, event: Json) -> None:
        self.received.append(event)
        try:
            unknown = undeclared(OFFICIAL.validate_python(event)) - NOT_DECLARED
        except ValidationError as error:
            self.wrong.append(f"{event['type']}: {error}")
        else:
            self.wrong += [f"{event['type']}: has {name}" for name in unknown]


@asynccontextmanager
async def recording(engine: str) -> AsyncIterator[Recorder]:
    """Relay to the engine at this URL."""
    recorder = Recorder(engine)
    async with serve(recorder.relay, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        recorder.url = f"ws://127.0.0.1:{port}/v1/realtime"
        yield recorder
