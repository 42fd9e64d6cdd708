"""A database off the loop: an SQLite file, or PostgreSQL by URL; several processes may use it.

What is done to it is done on its own thread, so that no loop waits for a disk; what a cancelled
caller began is still done.

| resource    | acquired  | released | on failure                              |
|-------------|-----------|----------|-----------------------------------------|
| thread      | ``open``  | ``close``|                                         |
| connections | as needed | ``close``| ``JournalError``; the next one is fresh |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import orjson
from sqlalchemy import Engine, Executable
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from sipagent.errors import JournalError

from .engines import database_reason, make_engine
from .store_url import shown_store

_T = TypeVar("_T")


class Database:
    """One database, opened and closed by its owner.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
        makings: Make its tables and indexes, unless they are there.
        thread_name: What its thread is called.
        threads: How many it has; one more for each that may take long while others wait.
    """

    def __init__(
        self, url: str, makings: Sequence[Executable], *, thread_name: str, threads: int = 1
    ) -> None:
        self.name = shown_store(url)
        self._threads = threads
        self._url, self._makings, self._thread_name = url, makings, thread_name
        self._engine: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Make file and tables unless they are there.

        Raises:
            JournalError: If there is no database there, and cannot be.
        """
        self._thread = ThreadPoolExecutor(self._threads, thread_name_prefix=self._thread_name)
        try:
            self._engine = await self._on_thread(lambda: _connect(self._url, self._makings))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close, after what was begun; safe twice."""
        thread, self._thread = self._thread, None
        engine, self._engine = self._engine, None
        if thread is None:
            return
        if engine is not None:
            await asyncio.get_running_loop().run_in_executor(thread, engine.dispose)
        thread.shutdown(wait=False)

    async def work(self, work: Callable[[Engine], _T]) -> _T:
        """Return what ``work`` returns, called on the thread.

        Raises:
            JournalError: If the database is not open, or says no.
        """
        engine = self._engine
        if engine is None:
            raise JournalError(f"{self.name} is not open")
        return await self._on_thread(lambda: work(engine))

    async def execute(self, *statements: Executable) -> None:
        """Execute all, or none.

        Raises:
            JournalError: See ``work``.
        """
        await self.work(lambda engine: execute_all(engine, statements))

    def to_text(self, value: object) -> str:
        """Return ``value`` as JSON.

        Raises:
            JournalError: If it is none.
        """
        try:
            return orjson.dumps(value).decode()
        except orjson.JSONEncodeError as error:
            raise JournalError(f"{self.name}: not to be written as JSON: {error}") from None

    async def _on_thread(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` returns; whatever the database says becomes ours."""
        assert self._thread is not None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
            raise JournalError(f"{self.name}: {database_reason(error)}") from None


def execute_all(engine: Engine, statements: Sequence[Executable]) -> None:
    """Execute all, or none."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def _connect(url: str, makings: Sequence[Executable]) -> Engine:
    """Return an engine whose database has what ``makings`` make; for the thread that uses it.

    Raises:
        SQLAlchemyError: If the database cannot be had.
        OSError: If its folder cannot.
        ImportError: If its driver is not installed.
    """
    engine = make_engine(url)
    try:
        _make(engine, makings)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make(engine: Engine, makings: Sequence[Executable]) -> None:
    try:
        execute_all(engine, makings)
    except (IntegrityError, ProgrammingError):
        # PostgreSQL's, to who looked before another process had made them.
        execute_all(engine, makings)
