"""What one reader of a stream is yet to get: a bounded queue, and an end that waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from aiohttp import web


class StreamReader:
    """One reader; who does not read is cut off when the queue is full.

    Args:
        owner: Whose it is, for whoever counts them.
        transport: Of the connection.
        most_waiting: Pieces that are not on their way yet.
        hears_rest: Whether what waits is still sent once the stream ends.
    """

    def __init__(
        self,
        owner: Hashable,
        transport: asyncio.Transport | None,
        most_waiting: int,
        *,
        hears_rest: bool,
    ) -> None:
        self.owner, self._transport = owner, transport
        self._most_waiting, self._hears_rest = most_waiting, hears_rest
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._is_over = self._is_writing = False

    def tell(self, piece: bytes) -> None:
        """Have ``piece`` sent."""
        if self._waiting.qsize() >= self._most_waiting:
            self.end()
        elif not self._is_over:
            self._waiting.put_nowait(piece)

    async def next(self) -> bytes | None:
        """Return the next piece; None: it is over."""
        return await self._waiting.get()

    async def write(self, response: web.StreamResponse, piece: bytes) -> None:
        """Send ``piece``; raises what the connection does."""
        self._is_writing = True
        await response.write(piece)
        self._is_writing = False

    def end(self) -> None:
        """Have the stream end; one that waits for its reader ends at once."""
        if self._is_over:
            return
        self._is_over = True
        while not self._hears_rest and not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)
        if self._is_writing and self._transport is not None:
            self._transport.abort()
