"""Forgetting calls by their age: their rows, recordings and flight records. A few at a time."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine, delete, select

from sipagent.errors import SipAgentError
from sipagent.ops.flight.record import flight_path

from .tables import CALLS, OF_CALLS, RECORDINGS

log = logging.getLogger(__name__)

AT_A_TIME = 100
"""Calls in one transaction, so that nobody who writes waits for long."""


def forget_some(engine: Engine, before_ms: int, recordings: Path, flights: Path) -> int:
    """Forget the oldest calls that ended before ``before_ms``; return how many.

    Files go first: what a crash leaves is still known, and goes the next time.

    Args:
        engine: Of the store.
        before_ms: Unix milliseconds.
        recordings: Folder of recordings; no file elsewhere is touched.
        flights: Folder of flight records.

    Raises:
        SQLAlchemyError: If the database says no.
    """
    old = select(CALLS.c.call_id).where(CALLS.c.started_at_ms < before_ms)
    old = old.where(CALLS.c.ended_at_ms < before_ms).order_by(CALLS.c.started_at_ms)
    with engine.connect() as connection:
        call_ids = list(connection.execute(old.limit(AT_A_TIME)).scalars())
        if not call_ids:
            return 0
        of_them = select(RECORDINGS.c.path).where(RECORDINGS.c.call_id.in_(call_ids))
        paths = list(connection.execute(of_them).scalars())
    for path in paths:
        _remove(Path(path), recordings)
    for call_id in call_ids:
        with suppress(SipAgentError):  # none can be called so
            _remove(flight_path(flights, call_id), flights)
    with engine.begin() as connection:
        for table in (*OF_CALLS.values(), CALLS):
            connection.execute(delete(table).where(table.c.call_id.in_(call_ids)))
    return len(call_ids)


def _remove(path: Path, folder: Path) -> None:
    try:
        if path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)
        else:
            log.warning("! %s is not in %s and stays", path, folder)
    except OSError as error:
        log.error("! %s cannot be removed: %s", path, error.strerror)
