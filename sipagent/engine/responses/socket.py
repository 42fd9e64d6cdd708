"""One client that asks for responses by WebSocket: one after the other, and all of them streamed.

| resource      | acquired            | released            | on failure                         |
|---------------|---------------------|---------------------|------------------------------------|
| response      | ``response.create`` | its last event      | logged; the socket goes on         |
| time limit    | ``open``            | ``close``           | told, and the socket closed        |

Responses API: WebSocket mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import orjson

from sipagent.engine.checks import InvalidConfigError, Json, mapping, one_of
from sipagent.engine.nesting import is_too_deep
from sipagent.engine.tasks import Tasks

from .desk import Desk, Latest
from .pacing import paced
from .refusals import REFUSALS, Refusal, refusal_of
from .writing import ENDS, Step

BUSY = Refusal(409, "a response is in progress on this connection", "response_in_progress")


class ResponsesSocket:
    """Hand requests to the desk.

    Args:
        desk: Answers.
        send: Sends one message.
        now: Unix seconds.
        limit_s: How long the connection may last.
        expired: Ends it.
    """

    def __init__(
        self,
        desk: Desk,
        send: Callable[[str], Awaitable[None]],
        now: Callable[[], int],
        *,
        limit_s: float,
        expired: Callable[[], Awaitable[None]],
    ) -> None:
        self._desk, self._send_text, self._now = desk, send, now
        self._limit_s, self._expired = limit_s, expired
        self._latest = Latest()
        self._tasks = Tasks()
        self._is_busy = False

    def open(self) -> None:
        """Begin to count its time."""
        self._tasks.start(self._expire(), "responses limit")

    async def handle(self, message: str | bytes) -> None:
        """Handle one message; what is wrong with it is answered with ``error``."""
        if self._is_busy:
            await self._send(BUSY.frame())
            return
        try:
            begun = self._desk.begin(_body(message), now=self._now(), latest=self._latest)
        except REFUSALS as error:
            await self._send(refusal_of(error).frame())
            return
        self._is_busy = True
        self._tasks.start(self._write(begun.steps), "response")

    async def close(self) -> None:
        """End what runs."""
        await self._tasks.cancel()

    async def _write(self, steps: Iterator[Step]) -> None:
        async for event in paced(steps):
            if event["type"] in ENDS:
                self._is_busy = False  # who reads this event may ask for the next at once
            await self._send(event)

    async def _expire(self) -> None:
        await asyncio.sleep(self._limit_s)
        message = f"The connection hit the maximum duration of {self._limit_s / 60:g} minutes."
        await self._send(Refusal(400, message, "websocket_connection_limit_reached").frame())
        await self._expired()

    async def _send(self, event: Json) -> None:
        await self._send_text(orjson.dumps(event).decode())


def _body(message: str | bytes) -> Json:
    """Return what a message asks for.

    Raises:
        InvalidConfigError: If it is no ``response.create``.
    """
    try:
        event = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise InvalidConfigError("body", "the message is not JSON") from None
    if is_too_deep(event):
        raise InvalidConfigError("body", "the message is nested too deeply")
    body = dict(mapping(event, "body"))
    one_of(body.pop("type", None), "type", "response.create")
    return body
