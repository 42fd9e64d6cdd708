"""SQLAlchemy engines: an SQLite file, or PostgreSQL by URL. Nothing else is SQLite's alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from .store_url import sqlite_file

BUSY_S = 5.0
"""How long one process waits while the other writes."""

_POSTGRESQL = "postgresql://"
_ALIVE = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10}
"""For libpq: a server that is gone without a word is known to be, some seconds later."""


def make_engine(url: str, *, busy_s: float | None = None) -> Engine:
    """Return an engine; the file of an SQLite database is there then.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
        busy_s: How long to wait while another process writes, or keeps a table to itself; None:
            ``BUSY_S`` for a file, and for ever for a server.

    Raises:
        SQLAlchemyError: If there is no such kind of database.
        OSError: If its folder cannot be had.
        ImportError: If its driver is not installed.
    """
    file = sqlite_file(url)
    if file is None:
        if url.startswith(_POSTGRESQL):
            url = url.replace(_POSTGRESQL, "postgresql+psycopg://", 1)
        limits = {} if busy_s is None else {"options": f"-c lock_timeout={round(busy_s * 1000)}"}
        alive = {name: each for name, each in (_ALIVE | limits).items() if name not in url}
        # Who does not wait tries again himself; a ping would connect, and wait for that as well.
        pings = busy_s is None
        return create_engine(url, connect_args=alive, pool_pre_ping=pings, hide_parameters=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o640)  # it holds telephone numbers, and what was said
    path = URL.create("sqlite", database=str(file))
    timeout_s = BUSY_S if busy_s is None else busy_s
    engine = create_engine(path, connect_args={"timeout": timeout_s}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def database_reason(error: Exception) -> str:
    """Return one line without statement and values, which SQLAlchemy's own text would have."""
    inner = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return " ".join(str(inner).split())


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Let one process read while the other writes, and lose nothing in a power failure."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
