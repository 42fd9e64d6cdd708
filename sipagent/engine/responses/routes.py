"""Text agents over HTTP: responses, plain or as server-sent events, and conversations.

| resource        | acquired      | released                       | on failure                  |
|-----------------|---------------|--------------------------------|-----------------------------|
| response stream | POST          | its last event                 | ends; nothing is kept       |
| socket          | handshake     | its close, or ``limit_s``      | closed with what it runs    |

Responses API: ``/v1/responses``; Conversations API: ``/v1/conversations``.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from contextlib import aclosing

import orjson
from aiohttp import WSMsgType, web

from sipagent.engine.checks import Json
from sipagent.engine.http_errors import error_response, json_of
from sipagent.engine.lifetime import GOING_AWAY
from sipagent.engine.sockets import Sockets

from .chat import ChatDesk
from .desk import Desk
from .pacing import paced
from .refusals import REFUSALS, refusal_of
from .socket import ResponsesSocket

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TextRoutes:
    """Serve text agents.

    Args:
        desk: Answers.
        sockets: Those that are open.
        clock: Unix seconds.
        limit_s: How long a socket may last.
    """

    def __init__(
        self, desk: Desk, sockets: Sockets, clock: Callable[[], float], limit_s: float
    ) -> None:
        self._desk, self._chat = desk, ChatDesk(desk.scripts)
        self._sockets, self._clock, self._limit_s = sockets, clock, limit_s

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        responses, conversations = "/v1/responses", "/v1/conversations"
        one, conversation = f"{responses}/{{id}}", f"{conversations}/{{id}}"
        app.router.add_get(responses, self._socket, allow_head=False)
        app.router.add_post(responses, _refusing(self._create))
        app.router.add_get(one, _refusing(self._response), allow_head=False)
        app.router.add_delete(one, _refusing(self._delete))
        app.router.add_post(conversations, self._create_conversation)
        app.router.add_get(conversation, _refusing(self._conversation), allow_head=False)
        app.router.add_delete(conversation, _refusing(self._delete_conversation))
        app.router.add_post("/v1/chat/completions", _refusing(self._complete))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        begun = self._desk.begin(await json_of(request), now=self._now())
        async with aclosing(paced(begun.steps)) as events:
            if begun.is_streamed:
                return await _stream(request, events, _frame)
            last: Json = {}
            async for event in events:
                last = event
        return web.json_response(last["response"])

    async def _response(self, request: web.Request) -> web.Response:
        return web.json_response(self._desk.response(request.match_info["id"]))

    async def _delete(self, request: web.Request) -> web.Response:
        response_id = request.match_info["id"]
        self._desk.forget(response_id)
        return web.json_response({"id": response_id, "object": "response", "deleted": True})

    async def _create_conversation(self, request: web.Request) -> web.Response:
        body = await json_of(request)
        return web.json_response(self._desk.conversations.create(body, now=self._now()))

    async def _conversation(self, request: web.Request) -> web.Response:
        return web.json_response(self._desk.conversations.told(request.match_info["id"]))

    async def _delete_conversation(self, request: web.Request) -> web.Response:
        conversation_id = request.match_info["id"]
        self._desk.conversations.delete(conversation_id)
        deleted = {"id": conversation_id, "object": "conversation.deleted", "deleted": True}
        return web.json_response(deleted)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        completion = self._chat.begin(await json_of(request), now=self._now())
        if completion.error_code:
            return error_response(500, "failed, as asked", code=completion.error_code)
        async with aclosing(paced(completion.steps())) as chunks:
            if completion.is_streamed:
                return await _stream(request, chunks, _data, last=b"data: [DONE]\n\n")
            async for _ in chunks:  # only the time it takes
                pass
        return web.json_response(completion.whole())

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        async with self._sockets.opened(request) as socket:

            async def expired() -> None:
                await socket.close(code=GOING_AWAY)

            served = ResponsesSocket(
                self._desk, socket.send_str, self._now, limit_s=self._limit_s, expired=expired
            )
            served.open()
            try:
                async for message in socket:
                    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                        await served.handle(message.data)
            finally:
                await served.close()
        return socket

    def _now(self) -> int:
        return int(self._clock())


def _refusing(handler: Handler) -> Handler:
    async def refusing(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except REFUSALS as error:
            why = refusal_of(error)
            return error_response(why.status, why.message, code=why.code, param=why.param)

    return refusing


async def _stream(
    request: web.Request,
    events: AsyncIterable[Json],
    frame: Callable[[Json], bytes],
    last: bytes = b"",
) -> web.StreamResponse:
    """Send server-sent events, as long as somebody reads them."""
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    stream = web.StreamResponse(headers=headers)
    try:
        await stream.prepare(request)
        async for event in events:
            await stream.write(frame(event))
        await stream.write_eof(last)
    except ConnectionResetError:
        pass  # nobody does any more: that ends it
    return stream


def _frame(event: Json) -> bytes:
    return f"event: {event['type']}\n".encode() + _data(event)


def _data(event: Json) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"
