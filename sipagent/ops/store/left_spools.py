"""Spools whose process died: what waits in them is written by whoever comes next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from .spool import SUFFIX, Spool
from .writes import execute_writes

_BATCH = 500


def left_spools(folder: Path, is_alive: Callable[[str], bool]) -> list[Spool]:
    """Return the spools in ``folder`` of processes that are gone."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return [Spool(file) for file in files if not is_alive(file.name.removesuffix(SUFFIX))]


def write_spools(engine: Engine, spools: list[Spool]) -> int:
    """Write what waits in ``spools`` and remove them; return how many rows that was.

    Raises:
        SQLAlchemyError: If the database says no; what is left is written another time.
        OSError: If a file cannot be read.
    """
    rows = 0
    for spool in spools:
        for batch in spool.batches(_BATCH):
            with engine.begin() as connection:
                execute_writes(connection, batch)
            rows += len(batch)
        spool.clear()
    return rows
