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
from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql, sqlite

from .tables import CALLS, OF_CALLS

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
    except (ValueError, TypeError):
        return None
    return Write(table, values) if table == CALLS.name or table in OF_CALLS else None


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
    """
    dialect = connection.dialect.name
    for (table, columns), alike in groupby(writes, key=_shape):
        rows = [_row(write) for write in alike]
        connection.execute(_statement(table, columns, dialect), rows)


def _shape(write: Write) -> tuple[str, tuple[str, ...]]:
    return write.table, tuple(write.values)


def _row(write: Write) -> dict[str, Any]:
    row = {
        name: plain_text(value) if isinstance(value, str) else value
        for name, value in write.values.items()
    }
    return {"started_at_ms": row["changed_at_ms"], **row} if write.table == CALLS.name else row


@lru_cache(maxsize=256)
def _statement(table: str, columns: Sequence[str], dialect: str) -> Executable:
    """Return the ``INSERT`` that, where there is such a row, changes it instead."""
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert(CALLS if table == CALLS.name else OF_CALLS[table])
    changed = {name: row.excluded[name] for name in columns if name not in _ONLY_FIRST}
    is_call = table == CALLS.name
    return row.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["call_id"] if is_call else ["call_id", "at_ms"],
        set_=changed,
        where=CALLS.c.changed_at_ms < row.excluded.changed_at_ms if is_call else None,
    )
