"""What was said in earlier runs, kept on our side: a run begins after it, and is added to it.

A run is added whole, when it is done: what it was given, then what it made. One that pauses, is
cancelled or fails adds nothing; gone on with, it is added when it is done. So nothing is there
twice, and no function call without its output.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Protocol

from .model import Json


class ConversationSession(Protocol):
    """One conversation's items, oldest first; two that are equal are the same conversation."""

    async def items(self, limit: int | None = None) -> list[Json]:
        """Return a copy of the items.

        Args:
            limit: At most so many, the latest; None: all.
        """
        ...

    async def add(self, items: Sequence[Json]) -> None:
        """Add all of ``items``, or none; whoever adds at the same time comes before or after."""
        ...

    async def pop(self) -> Json | None:
        """Take the latest item away and return it; None if there is none."""
        ...

    async def clear(self) -> None:
        """Forget all."""
        ...


class MemorySession:
    """A conversation that ends with the process.

    Args:
        items: Said before.
    """

    def __init__(self, items: Sequence[Json] = ()) -> None:
        self._items = deepcopy(list(items))

    async def items(self, limit: int | None = None) -> list[Json]:
        """Return a copy of the latest ``limit`` items; None: all."""
        return deepcopy(latest(self._items, limit))

    async def add(self, items: Sequence[Json]) -> None:
        """Add ``items``, a copy."""
        self._items += deepcopy(list(items))

    async def pop(self) -> Json | None:
        """Take the latest item away and return it; None if there is none."""
        return self._items.pop() if self._items else None

    async def clear(self) -> None:
        """Forget all."""
        self._items.clear()


def latest(items: list[Json], limit: int | None) -> list[Json]:
    """Return the last ``limit`` of ``items``, all if there is none."""
    return items if limit is None else items[max(0, len(items) - limit) :]
