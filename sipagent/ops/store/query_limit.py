"""How long a question may take, whatever was asked: the database itself gives it up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from sipagent.errors import JournalError

_STEPS = 10_000
"""Of SQLite's machine, some milliseconds; so often it looks at the time."""

_QUERY_CANCELED = "57014"
"""PostgreSQL's SQLSTATE."""


@contextmanager
def time_limit(connection: Connection, limit_s: float) -> Iterator[None]:
    """Give up what is asked on ``connection`` in the block and takes longer.

    Raises:
        JournalError: If something was given up.
    """
    ends_at = time.monotonic() + limit_s
    raw = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite and raw is not None:
        raw.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
    elif not is_sqlite:
        connection.execute(text(f"SET LOCAL statement_timeout = {round(limit_s * 1000)}"))
    try:
        yield
    except OperationalError as error:
        is_ours = str(error.orig) == "interrupted"
        if is_ours or getattr(error.orig, "sqlstate", "") == _QUERY_CANCELED:
            reason = f"this took longer than {limit_s:g} s: ask for less, such as a shorter time"
            raise JournalError(reason) from None
        raise
    finally:
        if is_sqlite and raw is not None:
            raw.set_progress_handler(None, 0)
