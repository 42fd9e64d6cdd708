"""What is kept for later requests, within bounds: what was used longest ago goes first. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Memory(Generic[Kept]):
    """Values by id.

    Args:
        most: Of them.
        most_bytes: Of all of them together.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, tuple[Kept, int]] = OrderedDict()
        self._bytes = 0

    def keep(self, kept_id: str, value: Kept, size_bytes: int) -> None:
        """Keep a value, in place of what had its id."""
        self.drop(kept_id)
        self._kept[kept_id] = value, size_bytes
        self._bytes += size_bytes
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self.drop(next(iter(self._kept)))

    def find(self, kept_id: str) -> Kept | None:
        """Return a value, which has been used now; None if there is none, or none any more."""
        if kept_id not in self._kept:
            return None
        self._kept.move_to_end(kept_id)
        return self._kept[kept_id][0]

    def drop(self, kept_id: str) -> bool:
        """Forget a value; tell whether there was one."""
        found = self._kept.pop(kept_id, None)
        if found is not None:
            self._bytes -= found[1]
        return found is not None
