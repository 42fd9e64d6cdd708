"""A store with calls in it, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, func, insert, select

from sipagent.calls import facts
from sipagent.ops.engines import make_engine
from sipagent.ops.store.call_rows import CallRows
from sipagent.ops.store.migrating import migrate
from sipagent.ops.store.seen_days import DAY_MS
from sipagent.ops.store.tables import CALLS, LOOKS, METADATA
from sipagent.ops.store.writes import Write, execute_writes
from tests.ops.script import CALL

BEGAN_MS = 1_900_000_000_000
APART_MS = 100
OWNER = {"box": "here", "owner": "boot.1.2"}


def until_last(kind: type[facts.Fact], told: Sequence[facts.Fact] = CALL) -> list[facts.Fact]:
    """Return a call up to its last fact of a kind."""
    last = max(index for index, fact in enumerate(told) if isinstance(fact, kind))
    return list(told[: last + 1])


def rows_of(
    call_id: str,
    told: Sequence[facts.Fact] = CALL,
    *,
    began_ms: int = BEGAN_MS,
    owner: dict[str, str] = OWNER,
) -> list[Write]:
    """Return what a call writes whose facts are a tenth of a second apart."""
    rows = CallRows(call_id, owner, {}, "gpt-realtime", now_ms=began_ms)
    return [
        write
        for index, fact in enumerate(told)
        for write in rows.take(fact, now_ms=began_ms + index * APART_MS)
    ]


@contextmanager
def made(url: str) -> Iterator[Engine]:
    """Make the tables of a store; close it at the end of the block."""
    engine = make_engine(url)
    try:
        migrate(engine, "test")
        yield engine
    finally:
        engine.dispose()


def write(engine: Engine, *writes: Write) -> None:
    """Write rows."""
    with engine.begin() as connection:
        execute_writes(connection, writes)


def counts(engine: Engine) -> dict[str, int]:
    """Return how many rows each table has, if any."""
    with engine.connect() as connection:
        found = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in METADATA.tables.items()
        }
    return {name: count for name, count in found.items() if count}


def call_row(engine: Engine, call_id: str) -> Any:
    """Return the row of a call, None if there is none."""
    with engine.connect() as connection:
        return connection.execute(select(CALLS).where(CALLS.c.call_id == call_id)).first()


def looked_daily(engine: Engine, days: int) -> None:
    """Have a box note that it ran for so many days from ``BEGAN_MS`` on."""
    with engine.begin() as connection:
        for day in range(days):
            connection.execute(insert(LOOKS).values(at_ms=BEGAN_MS + day * DAY_MS))
