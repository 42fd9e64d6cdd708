"""The tables of attached calls, and how a database comes to have them.

Nothing here is SQLite's alone but what it is told when it connects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Double,
    Engine,
    Executable,
    Index,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from .store_url import sqlite_file

BUSY_S = 5.0
"""How long one process waits while the other writes."""

_METADATA = MetaData()

WEBHOOKS = Table(
    "webhooks",
    _METADATA,
    Column("webhook_id", Text, primary_key=True),
    Column("realtime_call_id", Text, nullable=False),
    Column("received_at", Double, nullable=False),
)
CALLS = Table(
    "attached_calls",
    _METADATA,
    Column("realtime_call_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("sip_headers", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("history", Text, nullable=False),
)
BY_STATE = Index("attached_calls_by_state", CALLS.c.state, CALLS.c.received_at)


def connect(url: str) -> Engine:
    """Return an engine whose database has the tables; for the thread that is to use it.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.

    Raises:
        SQLAlchemyError: If the database cannot be had.
        OSError: If its folder cannot.
        ImportError: If its driver is not installed.
    """
    file = sqlite_file(url)
    if file is None:
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o640)  # it holds telephone numbers
        path = URL.create("sqlite", database=str(file))
        engine = create_engine(path, connect_args={"timeout": BUSY_S}, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
    try:
        _make_tables(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def execute_all(engine: Engine, statements: Sequence[Executable]) -> None:
    """Execute all, or none."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Let one process read while the other writes, and lose nothing in a power failure."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _make_tables(engine: Engine) -> None:
    makings: list[Executable] = [
        CreateTable(WEBHOOKS, if_not_exists=True),
        CreateTable(CALLS, if_not_exists=True),
        CreateIndex(BY_STATE, if_not_exists=True),
    ]
    try:
        execute_all(engine, makings)
    except IntegrityError:  # PostgreSQL's, to who looked before another process had made them
        execute_all(engine, makings)
