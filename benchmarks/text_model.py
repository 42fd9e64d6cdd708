"""A text model that says so many words, at once or one after another, and heeds nothing else.

Runs as a process of its own, ``python -m benchmarks.text_model``, so that its work is not counted
as that of the runs it keeps busy. It is asked with ``<words> <seconds between them>`` as the last
thing the user said, over HTTP, WebSocket or as a chat completion. Each word says when it was sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
import uvloop
from aiohttp import web

from .serving import serving

Send = Callable[[dict[str, Any]], Awaitable[None]]

ITEM = "msg_68a5f2b3c4d5e6f708192a3b4c5d6e7f"
WHERE = {"item_id": ITEM, "output_index": 0, "content_index": 0}


def delta(number: int) -> dict[str, Any]:
    """Return the event of one word."""
    kind = "response.output_text.delta"
    word = {"delta": f"{time.monotonic():.6f} ", "logprobs": [], "obfuscation": "Kq7ZpX2m"}
    return {"type": kind, "sequence_number": number, **WHERE, **word}


def chunk(**choice: Any) -> dict[str, Any]:
    """Return a chunk of a chat completion."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [{"index": 0, "finish_reason": None, **choice}]}


def response(status: str, output: list[Any]) -> dict[str, Any]:
    """Return a response."""
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return {"id": "resp_1", "object": "response", "status": status, "output": output} | (
        {"usage": usage} if output else {}
    )


async def answer(wanted: str, send: Send, *, is_chat: bool) -> None:
    """Say what is wanted."""
    count, tick_s = wanted.split()
    if not is_chat:
        await send({"type": "response.created", "response": response("in_progress", [])})
    now = asyncio.get_running_loop().time
    due_at = now()
    for number in range(int(count)):
        if float(tick_s):
            due_at += float(tick_s)
            await asyncio.sleep(max(0.0, due_at - now()))
        word = delta(number)
        await send(chunk(delta={"content": word["delta"]}) if is_chat else word)
    if is_chat:
        await send(chunk(delta={}, finish_reason="stop"))
        return
    said = {"type": "output_text", "text": "done", "annotations": []}
    message = {"type": "message", "id": ITEM, "role": "assistant", "content": [said]}
    await send({"type": "response.completed", "response": response("completed", [message])})


async def _responses(request: web.Request) -> web.StreamResponse:
    return await _stream(request, (await request.json())["input"], is_chat=False)


async def _completions(request: web.Request) -> web.StreamResponse:
    return await _stream(request, (await request.json())["messages"], is_chat=True)


async def _stream(request: web.Request, items: list[Any], *, is_chat: bool) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)

    async def send(event: dict[str, Any]) -> None:
        name = b"" if is_chat else b"event: %b\n" % event["type"].encode()
        await stream.write(b"%bdata: %b\n\n" % (name, orjson.dumps(event)))

    await answer(items[-1]["content"], send, is_chat=is_chat)
    await stream.write_eof(b"data: [DONE]\n\n" if is_chat else b"")
    return stream


async def _socket(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)

    async def send(event: dict[str, Any]) -> None:
        await socket.send_str(orjson.dumps(event).decode())

    async for message in socket:
        await answer(orjson.loads(message.data)["input"][-1]["content"], send, is_chat=False)
    return socket


def running_text_model() -> AbstractAsyncContextManager[str]:
    """Run it as a process; its URL is what the block gets."""
    return serving("benchmarks.text_model")


async def run() -> None:
    """Serve until the process ends; print the URL first."""
    app = web.Application()
    app.router.add_post("/v1/responses", _responses)
    app.router.add_get("/v1/responses", _socket)
    app.router.add_post("/v1/chat/completions", _completions)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run())
