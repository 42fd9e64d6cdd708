"""Bring a database to the tables of this version, and know one that is too new.

One process at a time migrates: on SQLite it holds the write lock, on PostgreSQL an advisory one.
All steps are one transaction, so that a crash leaves the database as it was.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, Engine, text

from sipagent.errors import StoreTooNew

from .tables import HEAD
from .version import stored_version

log = logging.getLogger(__name__)

_LOCK = 0x5349504147454E54
"""Of PostgreSQL's ``pg_advisory_xact_lock``; says SIPAGENT."""


def migrate(engine: Engine, name: str) -> None:
    """Make or change the tables, as far as they are not right.

    Args:
        engine: Of the store.
        name: How it is called in errors.

    Raises:
        StoreTooNew: If a newer version has made them.
        SQLAlchemyError: If the database says no.
    """
    with engine.connect() as connection:
        _lock(connection)
        _upgrade(connection, name)
        connection.commit()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _upgrade(connection: Connection, name: str) -> None:
    version = stored_version(connection)
    if version == HEAD:
        return
    if version > HEAD:
        raise too_new(name, version)
    # Most starts have nothing to change: they need not wait for what changes tables.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    config = AlembicConfig()
    config.set_main_option("script_location", "sipagent.ops.store:migrations")
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config, HEAD)
    log.info("= the store %s is at version %s", name, HEAD)


def too_new(name: str, version: str) -> StoreTooNew:
    """Return the error about a database that a newer version has changed."""
    text = f"is at version {version}, and this sipagent knows {HEAD}: use a newer sipagent"
    return StoreTooNew(f"the store {name} {text}, or another store.url")
