"""The event stream of the admin API: what there is, then every change (HTML: server-sent events).

Each reader has a bounded queue. One that does not read is cut off when it is full: it finds out
what it missed when it comes again, since a stream begins with all there is.

| resource | acquired  | released           | on failure                         |
|----------|-----------|--------------------|------------------------------------|
| reader   | ``serve`` | ``serve``          | cut off; others hear nothing of it |
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from .api_guard import API_HEADERS, asked_by, error_response
from .status import Readiness, readiness_to_json
from .stream_reader import StreamReader

MAX_READERS = 50
MAX_READERS_OF_ONE = 20
"""With one token from one address: whoever forgets to close theirs leaves some to others."""
MAX_WAITING = 200
"""Events of one reader that are not on their way yet."""

LOOK_S = 0.5
"""How often the state of the box is looked at: processes tell theirs as often."""

HEARTBEAT_S = 10.0
"""A stream is never silent for longer; half of what proxies and readers should tolerate."""

_HEARTBEAT = b": still here\n\n"
_HEADERS = {
    **API_HEADERS,
    "Content-Type": "text/event-stream",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


class Events:
    """Tell all readers what happens.

    Args:
        readiness: Of the box, now.
        first: Names and contents of the events that every stream begins with.
    """

    def __init__(
        self,
        readiness: Callable[[], Readiness],
        first: Callable[[], Sequence[tuple[str, dict[str, Any]]]],
    ) -> None:
        self._readiness, self._first = readiness, first
        self._readers: set[StreamReader] = set()
        self._is_closed = False

    def tell(self, name: str, content: dict[str, Any]) -> None:
        """Tell all readers; those whose queue is full are cut off."""
        self.tell_all([(name, content)])

    def tell_all(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Tell all readers what happened at one moment; it counts as one event that waits."""
        if not events or not self._readers:
            return
        block = _block(events)
        for reader in self._readers:
            reader.tell(block)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream until the reader goes, is too slow, or the server closes."""
        if self._is_closed or len(self._readers) >= MAX_READERS:
            return error_response(503, "no more streams are served")
        whose = (asked_by(request), request.remote)
        if sum(each.owner == whose for each in self._readers) >= MAX_READERS_OF_ONE:
            return error_response(503, "no more streams are served to you")
        response = web.StreamResponse(headers=_HEADERS)
        reader = StreamReader(whose, request.transport, MAX_WAITING, hears_rest=False)
        self._readers.add(reader)  # before it is told what there is, so that nothing is missed
        reader.tell(_block(self._first()))
        try:
            await response.prepare(request)
            await self._stream(reader, response)
        except ConnectionError:
            pass  # the reader is gone, or was cut off
        finally:
            self._readers.discard(reader)
        return response

    async def close(self) -> None:
        """End all streams; none begins any more."""
        self._is_closed = True
        for reader in self._readers:
            reader.end()

    async def _stream(self, reader: StreamReader, response: web.StreamResponse) -> None:
        now = asyncio.get_running_loop().time
        told: Readiness | None = None
        spoke_at = now()
        while True:
            state = self._readiness()
            if state != told:
                told = state
                reader.tell(_block([("status", readiness_to_json(state))]))
            try:
                async with asyncio.timeout(LOOK_S):
                    event = await reader.next()
            except TimeoutError:
                if now() - spoke_at < HEARTBEAT_S:
                    continue
                event = _HEARTBEAT
            if event is None:
                return
            await reader.write(response, event)
            spoke_at = now()


def _block(events: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
    """Return events as they are sent; JSON in ASCII has no line ends, whatever is in it."""
    return "".join(
        f"event: {name}\ndata: {json.dumps(content)}\n\n" for name, content in events
    ).encode()
