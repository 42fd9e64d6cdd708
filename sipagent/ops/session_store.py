"""Conversations of text agents in a database, for runs that come after a restart.

Several processes may use it at once. What is added together is one row: it is there whole or not
at all, and never mixed with what another process adds. Every method is one transaction, off the
loop.

| resource | acquired | released  | on failure       |
|----------|----------|-----------|------------------|
| database | ``open`` | ``close`` | ``JournalError`` |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Executable,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from sipagent.agents.backend.model import Json
from sipagent.agents.backend.session import latest
from sipagent.errors import ConfigError, JournalError

from .database import Database

ADDITIONS = Table(
    "session_additions",
    MetaData(),
    # SQLite counts by itself only what it calls INTEGER, which has 64 bits there.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("added", Text, nullable=False),  # JSON: a list of items
)
BY_SESSION = Index("session_additions_by_session", ADDITIONS.c.session_id, ADDITIONS.c.number)

MAKINGS: tuple[Executable, ...] = (
    CreateTable(ADDITIONS, if_not_exists=True),
    CreateIndex(BY_SESSION, if_not_exists=True),
)


class SessionStore:
    """All conversations of one database.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, MAKINGS, thread_name="session-store")

    async def open(self) -> None:
        """Make file and table unless they are there.

        Raises:
            JournalError: If there is no database there, and cannot be.
        """
        await self._database.open()

    async def close(self) -> None:
        """Close, after what was begun; safe twice."""
        await self._database.close()

    def session(self, session_id: str) -> SqlSession:
        """Return the conversation called ``session_id``, which nobody need have begun.

        Raises:
            ConfigError: If it has no name: it would be everybody's.
        """
        if not session_id:
            raise ConfigError("a session needs an id")
        return SqlSession(self._database, session_id)


@dataclass(frozen=True, slots=True)
class SqlSession:
    """One conversation of a :class:`SessionStore`, while that is open.

    All methods raise ``JournalError`` if they could not do what they should; a full disk is such
    a case.
    """

    _database: Database
    session_id: str

    async def items(self, limit: int | None = None) -> list[Json]:
        """Return the latest ``limit`` items, oldest first; None: all."""
        return await self._database.work(lambda engine: self._items(engine, limit))

    async def add(self, items: Sequence[Json]) -> None:
        """Add all of ``items``, or none."""
        if items:
            text = self._database.to_text(list(items))
            row = insert(ADDITIONS).values(session_id=self.session_id, added=text)
            await self._database.execute(row)

    async def pop(self) -> Json | None:
        """Take the latest item away and return it; None if there is none."""
        return await self._database.work(self._pop)

    async def clear(self) -> None:
        """Forget all."""
        ours = ADDITIONS.c.session_id == self.session_id
        await self._database.execute(delete(ADDITIONS).where(ours))

    def _items(self, engine: Engine, limit: int | None) -> list[Json]:
        found: list[list[Json]] = []
        missing = limit
        with engine.connect() as connection:
            for row in connection.execute(self._latest_first()):
                if missing is not None and missing <= 0:
                    break
                found.append(self._read(row.added))
                missing = None if missing is None else missing - len(found[-1])
        items = [item for addition in reversed(found) for item in addition]
        return latest(items, limit)

    def _pop(self, engine: Engine) -> Json | None:
        while True:
            with engine.begin() as connection:
                row = connection.execute(self._latest_first().limit(1)).first()
                if row is None:
                    return None
                *rest, item = self._read(row.added)
                # Another process may have popped since: then it is not ours.
                same = (ADDITIONS.c.number == row.number) & (ADDITIONS.c.added == row.added)
                text = self._database.to_text(rest)
                kept = update(ADDITIONS).values(added=text) if rest else delete(ADDITIONS)
                if connection.execute(kept.where(same)).rowcount:
                    return item

    def _latest_first(self) -> Select[tuple[int, str]]:
        wanted = select(ADDITIONS.c.number, ADDITIONS.c.added)
        ours = ADDITIONS.c.session_id == self.session_id
        return wanted.where(ours).order_by(ADDITIONS.c.number.desc())

    def _read(self, text: str) -> list[Json]:
        try:
            items: list[Json] = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            name = self._database.name
            raise JournalError(f"{name}: a session is not readable: {error}") from None
        return items
