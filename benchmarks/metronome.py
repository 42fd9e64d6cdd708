"""An endpoint that says the same thing fifty times a second to everybody, and heeds nothing.

Runs as a process of its own, ``python -m benchmarks.metronome``, so that its work is not counted as
that of the sessions it keeps busy. What it hears is thrown away unread.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .serving import serving

TICK_S = 0.02

WHERE = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
"""The part of the answer that is spoken."""


class Metronome:
    """Speak to every session once it is configured."""

    def __init__(self) -> None:
        self._sockets: dict[ServerConnection, str] = {}

    async def handle(self, socket: ServerConnection) -> None:
        """Serve one client."""
        try:
            await socket.send(json.dumps(event("session.created", session={"type": "realtime"})))
            session = json.loads(await socket.recv())["session"]
            await socket.send(json.dumps(event("session.updated", session=session)))
            for each in opening():
                await socket.send(json.dumps(each))
            self._sockets[socket] = json.dumps(audio_delta(delta_bytes(session)))
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
        finally:
            self._sockets.pop(socket, None)

    async def tick(self) -> None:
        """Say it to everybody, for ever; what was late is caught up on."""
        now = asyncio.get_running_loop().time
        due_at = now()
        while True:
            for socket, message in list(self._sockets.items()):
                try:
                    await socket.send(message)
                except ConnectionClosed:
                    self._sockets.pop(socket, None)
            due_at += TICK_S
            await asyncio.sleep(max(0.0, due_at - now()))


def event(name: str, **fields: Any) -> dict[str, Any]:
    """Return an event of the endpoint."""
    return {"type": name, "event_id": "event_1", **fields}


def opening() -> list[dict[str, Any]]:
    """Return what comes before the first audio of an answer."""
    item, response = message_item("in_progress", []), spoken_response("in_progress", [], None)
    at = {"response_id": "resp_1", "output_index": 0}
    part = {"type": "audio", "transcript": ""}
    return [
        event("response.created", response=response),
        event("response.output_item.added", **at, item=item),
        event("conversation.item.added", item=item, previous_item_id=None),
        event("response.content_part.added", **at, item_id="item_1", content_index=0, part=part),
    ]


def message_item(status: str, content: list[Any]) -> dict[str, Any]:
    """Return the item of the answer."""
    head = {"id": "item_1", "object": "realtime.item", "type": "message", "role": "assistant"}
    return {**head, "status": status, "content": content}


def spoken_response(status: str, output: list[Any], usage: Any) -> dict[str, Any]:
    """Return the response the answer is made by."""
    head = {"id": "resp_1", "object": "realtime.response", "status": status}
    return {**head, "status_details": None, "output": output, "usage": usage}


def audio_delta(size_bytes: int) -> dict[str, Any]:
    """Return one delta of so many bytes of audio."""
    audio = bytes(index * 37 % 251 for index in range(size_bytes))
    return event("response.output_audio.delta", **WHERE, delta=b64encode(audio).decode())


def delta_bytes(session: dict[str, Any]) -> int:
    """Return the size of 20 ms of audio in the output format of ``session``."""
    is_pcm = session["audio"]["output"]["format"]["type"] == "audio/pcm"
    return 960 if is_pcm else 160


def running_metronome() -> AbstractAsyncContextManager[str]:
    """Run it as a process; its URL is what the block gets."""
    return serving("benchmarks.metronome")


async def run() -> None:
    """Serve until the process ends; print the URL first."""
    metronome = Metronome()
    async with serve(metronome.handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"ws://127.0.0.1:{port}/v1/realtime", flush=True)
        await metronome.tick()


if __name__ == "__main__":
    uvloop.run(run())
