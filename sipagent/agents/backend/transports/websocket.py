"""Responses API over a WebSocket (Responses API: WebSocket mode).

One response at a time: who asks meanwhile waits. The socket is kept for the next one as long as
its headers are the same.

    found closed before the request was sent      -->  opened anew, once, and sent again
    told of its time limit instead of an answer   -->  the same
    closes before the first event of a response   -->  an error: the request may have been heard
    closes during a response                      -->  an error
    left during a response                        -->  aborted: there is no way to take it back

| resource   | acquired             | released                      | on failure              |
|------------|----------------------|-------------------------------|-------------------------|
| socket     | a request            | ``close``, other headers, age | aborted, and forgotten  |
| its turn   | a request            | the end of its response       | released                |
| timer      | a response begins    | the end of the response       | the socket is aborted   |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.errors import ModelError

from .attempting import attempted
from .endpoint import ModelEndpoint, shown
from .event_posts import encoded
from .http import request_body
from .options import TransportOptions
from .response_events import ENDS, ERRORS, error_of, read_event
from .socket import ResponsesSocket, SocketClosed, open_socket

MAX_AGE_S = 55 * 60.0
"""The API ends a socket after 60 minutes, whatever it is doing."""

LIMIT_REACHED = "websocket_connection_limit_reached"


class ResponsesWebSocket:
    """One model, asked by WebSocket.

    Args:
        endpoint: Who has it.
        model: What it is called; ``""``: as each request says.
        options: Limits; that of a response counts from when it is its turn.
        max_age_s: An older socket is not used for another response.
    """

    def __init__(
        self,
        endpoint: ModelEndpoint,
        model: str = "",
        options: TransportOptions | None = None,
        *,
        max_age_s: float = MAX_AGE_S,
    ) -> None:
        self._endpoint, self._model = endpoint, model
        self._options = options or TransportOptions()
        self._max_age_s = max_age_s
        self._url = endpoint.websocket_url("responses")
        self._where = shown(self._url)
        self._turn = asyncio.Lock()
        self._socket: ResponsesSocket | None = None
        self._is_closed = False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Json, None]:
        """Yield the events of a response, to its end; closing it aborts the socket.

        Raises:
            ModelError: If there is no such end.
        """
        body = request_body(request, self._model)
        del body["stream"]  # there is no other way here
        message = encoded(self._where, {"type": "response.create", **body})
        timeout_s = self._options.timeout_s
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        is_over = False
        async with self._turn:
            ends_at = None if timeout_s is None else loop.time() + timeout_s
            try:
                socket, event = await self._answered(message, ends_at)
                if ends_at is not None:
                    timer = loop.call_at(ends_at, socket.expire)
                is_over = _is_refusal(event)
                while event["type"] not in ERRORS:
                    is_over = event["type"] in ENDS
                    yield event
                    if is_over:
                        return
                    event = await self._next(socket, has_begun=True)
                raise error_of(self._where, event, self._endpoint.secrets(socket.headers))
            finally:
                if timer is not None:
                    timer.cancel()
                if is_over:
                    socket.is_reused = True
                else:
                    await self._forget()

    async def close(self) -> None:
        """Close the socket, under a response if need be; once more does nothing."""
        self._is_closed = True
        if self._socket is not None:
            await self._socket.close()

    async def _answered(
        self, message: bytes, ends_at: float | None
    ) -> tuple[ResponsesSocket, Json]:
        """Ask; return the socket, and the first event that came."""
        try:
            async with asyncio.timeout_at(ends_at):
                return await self._begun(message)
        except TimeoutError:
            raise ModelError(f"{self._where} did not answer in time") from None

    async def _begun(self, message: bytes) -> tuple[ResponsesSocket, Json]:
        while True:
            socket = await self._ready()
            try:
                await socket.send(message)
            except SocketClosed as closed:
                if not socket.is_reused:
                    raise self._lost(socket, closed, has_begun=False) from None
            else:
                event = await self._next(socket, has_begun=False)
                if not (socket.is_reused and _is_limit(event)):
                    return socket, event
            await self._forget()

    async def _ready(self) -> ResponsesSocket:
        """Return a socket: the one there is, if it can be used again."""
        headers = await self._endpoint.entry_headers()
        socket, now = self._socket, asyncio.get_running_loop().time
        if socket is not None:
            is_young = now() - socket.opened_at < self._max_age_s
            if is_young and socket.headers == headers:
                return socket
            self._socket = None
            await socket.close()
        if not self._is_closed:
            opened = await attempted(
                lambda: open_socket(self._endpoint, self._url, headers, self._options),
                self._options,
            )
            if not self._is_closed:
                self._socket = opened
                return opened
            await opened.abort()
        raise ModelError(f"{self._where} is not asked any more: we are closed")

    async def _next(self, socket: ResponsesSocket, *, has_begun: bool) -> Json:
        try:
            return read_event(self._where, await socket.receive())
        except SocketClosed as closed:
            raise self._lost(socket, closed, has_begun=has_begun) from None

    def _lost(
        self, socket: ResponsesSocket, closed: SocketClosed, *, has_begun: bool
    ) -> ModelError:
        where, code = self._where, closed.close_code
        if self._is_closed:
            return ModelError(f"{where} was asked, but we closed the socket")
        if socket.is_expired:
            return ModelError(f"{where} took too long")
        if has_begun:
            return ModelError(
                f"{where} closed the socket before the response was complete ({code})"
            )
        if socket.is_reused:
            text = (
                f"{where} closed the socket; it may have heard the request, which is not repeated"
            )
            return ModelError(f"{text} ({code})")
        text = f"{where} closed a new socket without a word ({code})"
        return ModelError(f"{text}; it may have no WebSocket mode, and answer over HTTP")

    async def _forget(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.abort()


def _is_limit(event: Json) -> bool:
    error = event.get("error")
    code = error.get("code") if isinstance(error, dict) else event.get("code")
    return event["type"] in ERRORS and code == LIMIT_REACHED


def _is_refusal(event: Json) -> bool:
    """Tell whether a first event refuses the request, and nothing but it."""
    return event["type"] in ERRORS and not _is_limit(event)
