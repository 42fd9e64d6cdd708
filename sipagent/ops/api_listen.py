"""Listening in to a call that lasts: its audio as it goes, by the admin API.

Each reader has a bounded queue. One that does not read is cut off when it is full.

| resource | acquired | released                            | on failure                   |
|----------|----------|-------------------------------------|------------------------------|
| reader   | `serve`  | it goes, the call, its process or   | cut off; the process with    |
|          |          | this server ends                    | the call is told             |
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Hashable
from typing import cast

from aiohttp import web

from sipagent.operator_acts import ActAnswer

from .api_guard import API_HEADERS, asked_by, audit_now, error_response
from .api_routes import Answer, Route
from .api_shapes import Error
from .api_tokens import Role
from .asking import Asking, NotAnswered
from .channel import Closed, Message
from .listen_messages import HeardAudio, ListenAnswered, ListenAsked, ListenEnded
from .live_calls import LiveCalls
from .stream_reader import StreamReader

MOST_READERS = 8
MOST_WAITING = 20
"""Pieces of a tenth of a second that are not on their way to a reader yet."""

LOOK_S = 1.0
"""How often it is looked whether a reader is there, while nothing is heard."""

CONTENT_TYPE = "audio/x-pcm;rate=8000;channels=2"
WRITE_LIMIT_S = 5.0
"""How long a reader may take none of it."""

_HEADERS = {
    **API_HEADERS,
    "Content-Type": CONTENT_TYPE,
    "X-Accel-Buffering": "no",  # nginx would keep it back
}


class ListenApi:
    """Serve ``/api/v1/calls/{call_id}/audio``.

    Args:
        live: The calls there are.
        send: Tells a process something.
    """

    def __init__(self, live: LiveCalls, send: Callable[[Hashable, Message], None]) -> None:
        self._live, self._send = live, send
        self._asking = Asking(send)
        self._readers: dict[str, StreamReader] = {}
        self._is_closed = False

    def table(self) -> list[Route]:
        """Return what is served."""
        return [
            Route(
                *("GET", "/calls/{call_id}/audio", self.serve, "Listen in to a call."),
                {
                    200: Answer(
                        "What is heard, as it is: 16-bit little endian at 8 kHz, caller left,"
                        " agent right. It ends with the call.",
                        None,
                        CONTENT_TYPE,
                    ),
                    404: Answer("There is no such call.", Error),
                    409: Answer("It cannot be heard now; the message says why.", Error),
                    503: Answer("Too many listen, or the process does not answer.", Error),
                },
                needs=Role.OPERATE,
            )
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says."""
        match message:
            case ListenAnswered(request_id, answer):
                self._asking.answered(request_id, answer)
            case HeardAudio(request_id, pcm) if request_id in self._readers:
                self._readers[request_id].tell(pcm)
            case ListenEnded(request_id) if request_id in self._readers:
                self._readers[request_id].end()
            case Closed():
                self._asking.gone(source)
                for reader in self._readers.values():
                    if reader.owner == source:
                        reader.end()
            case _:
                pass

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream until the call ends, or the reader goes or is too slow."""
        call_id = request.match_info["call_id"]
        source, shown = self._live.source_of(call_id), self._live.shown(call_id)
        if shown is None:
            return error_response(404, "there is no such call")
        if source is None:
            return error_response(409, "it is over")
        if shown["attached"]:
            return error_response(409, "the provider has the audio of this call")
        if self._is_closed or len(self._readers) >= MOST_READERS:
            return error_response(503, "no more people may listen")
        request_id = secrets.token_hex(8)
        reader = StreamReader(source, request.transport, MOST_WAITING, hears_rest=True)
        self._readers[request_id] = reader
        try:
            asked = ListenAsked(request_id, call_id, asked_by(request))
            answer = cast(ActAnswer, await self._asking.ask(source, request_id, asked))
            if answer.status != 202:
                return error_response(answer.status, answer.text)
            return await _streamed(reader, request)
        except NotAnswered as error:
            return error_response(503, str(error))
        finally:
            del self._readers[request_id]
            self._send(source, ListenEnded(request_id))

    def close(self) -> None:
        """End all streams; none begins any more."""
        self._is_closed = True
        for reader in self._readers.values():
            reader.end()


async def _streamed(reader: StreamReader, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=_HEADERS)
    audit_now(request, response)
    try:
        await response.prepare(request)
        while (pcm := await _next(reader, request)) is not None:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await reader.write(response, pcm)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader is gone, or was cut off
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


async def _next(reader: StreamReader, request: web.Request) -> bytes | None:
    """Return what is heard next; None: it is over, or the reader is gone."""
    while True:
        try:
            async with asyncio.timeout(LOOK_S):
                return await reader.next()
        except TimeoutError:
            if request.transport is None or request.transport.is_closing():
                return None
