"""What is written to the store: rows by key, so that writing one twice changes nothing.

A ``Write`` is one row of one table, or what is new in it. It is plain enough to wait in a file of
JSON lines while the database is away. Pure, but for :func:`execute_writes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from .tables import CALLS, METADATA, OF_CALLS

NEVER = (DataError, IntegrityError, ValueError, TypeError, OverflowError, KeyError)
"""What :func:`execute_writes` raises where something is wrong with a value, and not with the
database: it will not be taken the next time either."""


def is_unwritable(error: Exception) -> bool:
    """Tell whether something is wrong with a value, and not with the database.

    A driver refuses a value of a kind it does not know before the server has a say: such an error
    has no SQLSTATE, as a table that is missing or closed to us has.
    """
    if isinstance(error, ProgrammingError):
        return getattr(error.orig, "sqlstate", None) is None
    return isinstance(error, NEVER)


_ONLY_FIRST = frozenset({"call_id", "started_at_ms", "at_ms"})
"""Columns that no later write changes."""


@dataclass(frozen=True, slots=True)
class Write:
    """A row, or a part of it; the columns that make its key are among ``values``."""

    table: str
    values: dict[str, Any]


def write_line(write: Write) -> bytes:
    """Return ``write`` as a line of JSON."""
    return json.dumps([write.table, write.values], default=str).encode() + b"\n"


def read_line(line: bytes) -> Write | None:
    """Return what a line says, None of one that a crash cut off."""
    try:
        table, values = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    is_ours = isinstance(table, str) and (table == CALLS.name or table in OF_CALLS)
    return Write(table, values) if is_ours and isinstance(values, dict) else None


def json_text(content: object) -> str:
    """Return ``content`` as JSON for a column."""
    try:
        return orjson.dumps(content, default=str).decode()
    except TypeError:  # half of a surrogate pair, or a number of more than 64 bits
        return plain_text(json.dumps(content, ensure_ascii=False, default=str))


def plain_text(text: str) -> str:
    """Return ``text`` as every database takes it: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def execute_writes(connection: Connection, writes: Iterable[Write]) -> None:
    """Write all, in order; the transaction is the caller's.

    Raises:
        SQLAlchemyError: If the database says no.
        KeyError: If a write names a column that there is not.
    """
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    for (table, columns), alike in groupby(writes, key=_shape):
        rows = [_row(write) for write in alike]
        connection.exec_driver_sql(_statement(table, columns, mark), rows)


def _shape(write: Write) -> tuple[str, tuple[str, ...]]:
    return write.table, tuple(write.values)


def _row(write: Write) -> tuple[Any, ...]:
    row = [
        plain_text(value) if isinstance(value, str) else value for value in write.values.values()
    ]
    return (*row, write.values["changed_at_ms"]) if write.table == CALLS.name else tuple(row)


@lru_cache(maxsize=256)
def _statement(table: str, columns: Sequence[str], mark: str) -> str:
    """Return the ``INSERT`` that, where there is such a row, changes it instead.

    As text, since SQLAlchemy's own would keep the loop from its turn for ten times as long; see
    ``benchmarks/store.py``.
    """
    known = METADATA.tables[table].c
    names = [known[name].name for name in columns]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in _ONLY_FIRST)
    if table == CALLS.name:
        key, where = "call_id", " WHERE calls.changed_at_ms < excluded.changed_at_ms"
        names.append("started_at_ms")  # of the first write of a call
    else:
        # What is told while a turn is being said never takes the place of its end.
        where = " WHERE turns.unfinished" if "unfinished" in names else ""
        key = "call_id, at_ms"
    marks = ", ".join(mark for _ in names)
    row = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
    return f"{row} ON CONFLICT ({key}) DO UPDATE SET {changes}{where}"
