"""The store, for commands: read while the box runs, or does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sipagent.errors import JournalError
from sipagent.ops.engines import database_reason, make_engine
from sipagent.ops.store_url import shown_store, sqlite_file

from .version import check_version


@contextmanager
def opened_store(url: str) -> Iterator[Connection]:
    """Connect to a store until the end of the block.

    Raises:
        JournalError: If there is none, or it is another version's.
    """
    file, name = sqlite_file(url), shown_store(url)
    if file is not None and not file.exists():
        raise JournalError(f"there is no store yet: {name}")
    try:
        engine = make_engine(url)
        try:
            check_version(engine)
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise JournalError(f"{name}: {database_reason(error)}") from None
