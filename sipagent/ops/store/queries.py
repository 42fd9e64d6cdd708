"""The calls of the store, for who asks on a loop: API and console.

| resource | acquired | released  | on failure       |
|----------|----------|-----------|------------------|
| database | ``open`` | ``close`` | ``JournalError`` |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from sipagent.dialplan.replay import RecordedRoute
from sipagent.ops.database import Database

from .call_json import Json
from .filters import CallFilter, read_cursor
from .query_limit import time_limit
from .reading import CallPage, read_calls, read_figures, read_page
from .routes import read_routes

_T = TypeVar("_T")

LIMIT_S = 20.0
"""What takes longer is given up: nobody waits for it any more."""

THREADS = 3
"""Who searches all that was ever said does not keep others from their answers."""

MOST = 500
"""Calls in one page."""


class CallQueries:
    """Read calls; every method is off the loop, and raises ``JournalError`` if it cannot.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, (), thread_name="store-reader", threads=THREADS)

    async def open(self) -> None:
        """Connect.

        Raises:
            JournalError: If there is no database there.
        """
        await self._database.open()

    async def close(self) -> None:
        """Close; safe twice."""
        await self._database.close()

    async def page(
        self, wanted: CallFilter | None = None, *, after: str = "", limit: int = 50
    ) -> CallPage:
        """Return calls that are ``wanted``, newest first.

        Args:
            wanted: None: all.
            after: ``CallPage.next`` of the page before; ``""``: the first page. Calls that begin
                or are forgotten meanwhile make no call come twice.
            limit: How many at most; never more than :data:`MOST`.

        Raises:
            ValueError: If ``after`` is no cursor.
        """
        cursor = read_cursor(after) if after else None
        wanted, limit = wanted or CallFilter(), max(1, min(limit, MOST))
        return await self._read(lambda connection: read_page(connection, wanted, cursor, limit))

    async def call(self, call_id: str) -> Json | None:
        """Return one call whole, see ``call_json``; None if there is none."""
        calls = await self._read(lambda connection: read_calls(connection, [call_id]))
        return calls[0] if calls else None

    async def routes(self, limit: int) -> list[RecordedRoute]:
        """Return how the last incoming calls were routed, newest first, at most ``limit``."""
        return await self._read(lambda connection: read_routes(connection, limit))

    async def figures(self, wanted: CallFilter | None = None) -> list[Json]:
        """Return figures by day (UTC) and plan: calls, durations, tokens, cost, median turn gap."""
        wanted = wanted or CallFilter()
        return await self._read(lambda connection: read_figures(connection, wanted))

    async def _read(self, read: Callable[[Connection], _T]) -> _T:
        def work(engine: Engine) -> _T:
            with engine.connect() as connection, time_limit(connection, LIMIT_S):
                return read(connection)

        return await self._database.work(work)
