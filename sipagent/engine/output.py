"""The items of one response as they come: told, kept, counted, and cut short.

A response out of band has a conversation of its own that nobody is told of.
Realtime: ``response.output_item.*`` and ``conversation.item.*``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from secrets import token_hex
from typing import Any

from sipagent.wire import server
from sipagent.wire.events import Event

from .checks import Json
from .items import Conversation
from .response_config import ResponseConfig
from .spent import Spent

Send = Callable[[Event], Awaitable[None]]


class Output:
    """What one response puts out.

    Args:
        conversation: Where its items go.
        config: What it is made with.
        send: Sends one event.
    """

    def __init__(self, conversation: Conversation, config: ResponseConfig, send: Send) -> None:
        self.response_id = f"resp_{token_hex(10)}"
        self.conversation = Conversation() if config.is_out_of_band else conversation
        self.send = send
        most = config.session["max_output_tokens"]
        self.spent = Spent(None if most == "inf" else most)
        self.cancelled_by = ""
        """``turn_detected`` or ``client_cancelled``."""
        self.error = ""
        """Code of what failed."""
        self.is_full = False
        """Whether ``max_output_tokens`` was reached."""
        self._limit: asyncio.Timeout | None = None
        self._is_told = not config.is_out_of_band
        self._ids: list[str] = []

    @property
    def is_cut(self) -> bool:
        """Tell whether it is ending early."""
        return bool(self.cancelled_by or self.error or self.is_full)

    def cancel(self, reason: str) -> None:
        """End it early."""
        self.cancelled_by = self.cancelled_by or reason
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def limit(self, limit_s: float) -> AsyncIterator[None]:
        """Wait inside no longer than this, and no longer than the response goes on.

        Raises:
            TimeoutError: If it took too long, or the response was cancelled.
        """
        async with asyncio.timeout(0 if self.is_cut else limit_s) as limit:
            self._limit = limit
            try:
                yield
            finally:
                self._limit = None

    def spend(self, *, audio_ms: int = 0, chars: int = 0) -> bool:
        """Spend tokens; tell whether there were enough. If not, this is the end of it."""
        if not self.spent.spend(audio_ms=audio_ms, chars=chars):
            self.is_full = True
        return not self.is_full

    def items(self) -> list[Json]:
        """Return its items as they are, without those its client has deleted."""
        ids = [each for each in self._ids if each in self.conversation]
        return [self.conversation.snapshot(item_id) for item_id in ids]

    def where(self, item: Json, at: int) -> dict[str, Any]:
        """Return the fields that every event about an item has."""
        return {"response_id": self.response_id, "item_id": item["id"], "output_index": at}

    async def open(self, item: Json) -> int:
        """Begin an item; return its index."""
        at = len(self._ids)
        self._ids.append(item["id"])
        previous = self.conversation.add(item)
        snapshot = self.conversation.snapshot(item["id"])
        await self.send(
            server.ResponseOutputItemAdded(
                response_id=self.response_id, output_index=at, item=snapshot
            )
        )
        if self._is_told:
            await self.send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        return at

    async def close(self, item: Json, at: int, *, is_whole: bool) -> None:
        """End an item."""
        item["status"] = "completed" if is_whole else "incomplete"
        snapshot = deepcopy(item)
        # Its client may have deleted it meanwhile.
        if self._is_told and item["id"] in self.conversation:
            previous = self.conversation.previous(item["id"])
            await self.send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))
        await self.send(
            server.ResponseOutputItemDone(
                response_id=self.response_id, output_index=at, item=snapshot
            )
        )
