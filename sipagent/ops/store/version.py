"""Which migration made the tables that are there; needs no Alembic."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from sipagent.errors import JournalError

from .tables import HEAD, VERSION_TABLE


def stored_version(connection: Connection) -> str:
    """Return the version of a store, ``""`` where there are no tables yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")


def check_version(engine: Engine) -> None:
    """Look whether the tables are those of this version.

    Raises:
        JournalError: If not.
        SQLAlchemyError: If the database says no.
    """
    with engine.connect() as connection:
        version = stored_version(connection)
    if version != HEAD:
        raise JournalError(f"the store is at version {version or 'none'}, this sipagent at {HEAD}")
