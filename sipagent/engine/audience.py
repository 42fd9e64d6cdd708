"""Who controls a call: each has what it has not read yet, and none waits for another.

Nothing here suspends, so what one client asks for is done before the next message is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipagent.wire.events import Event

from .connection import message_of

MOST_UNREAD = 2_000
"""Messages, several minutes of a call. Who is further behind does not read any more."""


class Member:
    """One control socket.

    Args:
        drop: Called when it is hopelessly behind.
    """

    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop = drop
        self._unread: asyncio.Queue[str | None] = asyncio.Queue(MOST_UNREAD)

    async def send(self, message: str) -> None:
        """Queue a message."""
        self._put(message)

    def end(self) -> None:
        """Note that nothing more comes."""
        self._put(None)

    async def next(self) -> str | None:
        """Wait for the next message; None: that was the last."""
        return await self._unread.get()

    def _put(self, message: str | None) -> None:
        try:
            self._unread.put_nowait(message)
        except asyncio.QueueFull:
            self._drop()


class Audience:
    """All control sockets of a call; without any, events go nowhere."""

    def __init__(self) -> None:
        self._members: set[Member] = set()

    def join(self, member: Member) -> None:
        """Tell somebody more."""
        self._members.add(member)

    def leave(self, member: Member) -> None:
        """Tell somebody nothing more."""
        self._members.discard(member)

    async def send(self, event: Event) -> None:
        """Tell an event to all."""
        if not self._members:
            return
        message = message_of(event)
        for member in self._members:
            await member.send(message)

    def end(self) -> None:
        """Note that nothing more comes."""
        for member in self._members:
            member.end()
