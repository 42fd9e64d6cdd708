"""A relay between our runs and the engine: it keeps every request and checks it.

Official types drop the keys they do not have, so a request is right if all of it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import (
    ClientConnectionError,
    ClientSession,
    ClientWebSocketResponse,
    WSMsgType,
    web,
)
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from openai.types.responses.responses_client_event_param import ResponsesClientEventParam
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from sipagent.agents.backend.model import Json

RESPONSES, CHAT, SOCKET = "/v1/responses", "/v1/chat/completions", "websocket"
LIMIT_S = 10.0

OFFICIAL: dict[str, TypeAdapter[Any]] = {
    RESPONSES: TypeAdapter(ResponseCreateParamsStreaming),
    CHAT: TypeAdapter(CompletionCreateParamsStreaming),
    SOCKET: TypeAdapter(ResponsesClientEventParam),
}
"""By path, and of messages over a WebSocket."""


def fault(kind: str, body: Json) -> str | None:
    """Return what the official types have against a request, None if nothing."""
    official = OFFICIAL[kind]
    try:
        read = official.dump_python(official.validate_python(body), mode="json", warnings="error")
    except (ValidationError, PydanticSerializationError) as error:
        return f"{kind}: {error}"
    return None if read == body else f"{kind}: of {body} is left {read}"


class Relay:
    """Serve on loopback.

    Attributes:
        url: Base URL for a provider.
        bodies: Of all requests, in order.
        wrong: What the official types do not allow.
        sockets: How many were opened.
        refusals: How many requests are refused yet, with 503.
        left: Set when a client left during an answer.
    """

    def __init__(self, engine: str) -> None:
        self.url = ""
        self.bodies: list[Json] = []
        self.wrong: list[str] = []
        self.sockets = 0
        self.refusals = 0
        self.left = asyncio.Event()
        self._engine = engine

    async def was_left(self) -> None:
        """Wait until a client left during an answer."""
        async with asyncio.timeout(LIMIT_S):
            await self.left.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Relay one request, or one socket."""
        async with ClientSession(self._engine) as engine:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._socket(request, engine)
            self._note(request.path, await request.json())
            if self.refusals:
                self.refusals -= 1
                return web.json_response({"error": {"message": "busy"}}, status=503)
            return await self._post(request, engine)

    async def _post(self, request: web.Request, engine: ClientSession) -> web.StreamResponse:
        async with engine.post(request.path, json=self.bodies[-1]) as answer:
            headers = {"Content-Type": answer.headers["Content-Type"]}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            try:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except ClientConnectionError:
                self.left.set()
            return response

    async def _socket(self, request: web.Request, engine: ClientSession) -> web.StreamResponse:
        self.sockets += 1
        near = web.WebSocketResponse()
        await near.prepare(request)
        async with engine.ws_connect(request.path) as far, asyncio.TaskGroup() as pumps:
            back = pumps.create_task(self._back(far, near), name="back")
            async for message in near:
                if message.type is WSMsgType.TEXT:
                    self._note(SOCKET, orjson.loads(message.data))
                    await far.send_str(message.data)
            if near.close_code != 1000:
                self.left.set()
            back.cancel()
        return near

    async def _back(self, far: ClientWebSocketResponse, near: web.WebSocketResponse) -> None:
        async for message in far:
            try:
                await near.send_str(message.data)
            except ClientConnectionError:
                return

    def _note(self, kind: str, body: Json) -> None:
        self.bodies.append(body)
        if (wrong := fault(kind, body)) is not None:
            self.wrong.append(wrong)


@asynccontextmanager
async def relaying(engine: str) -> AsyncIterator[Relay]:
    """Relay to the engine at this URL, without a path."""
    relay = Relay(engine)
    app = web.Application()
    app.router.add_route("*", "/v1/{path:.*}", relay.handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        relay.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield relay
    finally:
        await runner.cleanup()
