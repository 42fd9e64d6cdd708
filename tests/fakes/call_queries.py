"""A store of calls that has what a test gives it."""

from __future__ import annotations

from typing import Any

from sipagent.dialplan.replay import RecordedRoute
from sipagent.errors import JournalError
from sipagent.ops.store.filters import CallFilter, read_cursor
from sipagent.ops.store.reading import CallPage


class FakeQueries:
    """Answer as ``store.queries.CallQueries`` does.

    Attributes:
        calls: Whole ones, by id.
        routed: How calls were.
        wanted: What was asked of a list or of figures, and after what.
        is_there: Whether there is a database.
    """

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        self.wanted: list[tuple[CallFilter | None, str, int]] = []
        self.routed: list[RecordedRoute] = []
        self.is_there = True

    async def open(self) -> None:
        """Connect."""
        if not self.is_there:
            raise JournalError("the disk is gone")

    async def close(self) -> None:
        """Close."""

    async def page(
        self, wanted: CallFilter | None = None, *, after: str = "", limit: int = 50
    ) -> CallPage:
        """Return all there are."""
        if after:
            read_cursor(after)
        self.wanted.append((wanted, after, limit))
        return CallPage(list(self.calls.values()), "5.c")

    async def call(self, call_id: str) -> dict[str, Any] | None:
        """Return one."""
        return self.calls.get(call_id)

    async def routes(self, limit: int) -> list[RecordedRoute]:
        """Return those that a test wants."""
        return self.routed[:limit]

    async def figures(self, wanted: CallFilter | None = None) -> list[dict[str, Any]]:
        """Return none."""
        self.wanted.append((wanted, "", 0))
        return []
