"""Spools whose process died: what waits in them is written by whoever comes next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from sipagent.ops.engines import database_reason

from .spool import SUFFIX, Spool
from .writes import NEVER, Write, execute_writes, is_unwritable

log = logging.getLogger(__name__)

_BATCH = 500


def left_spools(folder: Path, is_alive: Callable[[str], bool]) -> list[Spool]:
    """Return the spools in ``folder`` of processes that are gone."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return [Spool(file) for file in files if not is_alive(file.name.removesuffix(SUFFIX))]


def write_spools(engine: Engine, spools: list[Spool]) -> int:
    """Write what waits in ``spools`` and remove them; return how many rows that was.

    A row that the database will never take is left out, and a file that cannot be read is left:
    neither keeps the others from being written.

    Raises:
        SQLAlchemyError: If the database says no; what is left is written another time.
    """
    rows = 0
    for spool in spools:
        try:
            for batch in spool.batches(_BATCH):
                rows += _written(engine, batch)
            spool.clear()
        except OSError as error:
            log.error("! %s cannot be read: %s", spool.path, error.strerror)
    return rows


def _written(engine: Engine, batch: Sequence[Write]) -> int:
    """Write ``batch``, row by row where it cannot be as a whole; return how many rows were."""
    try:
        with engine.begin() as connection:
            execute_writes(connection, batch)
    except (*NEVER, ProgrammingError) as error:
        if not is_unwritable(error):
            raise
        if len(batch) > 1:
            return sum(_written(engine, [write]) for write in batch)
        log.error("! a row of %s is refused: %s", batch[0].table, database_reason(error))
        return 0
    return len(batch)
