"""Calls that a process before this one had: what the store has of them, for who goes on with them.

What is counted of a call begins with what was counted before, and its line among the call records
has both. Read once, before anything is told of them. One thread reads; the loop asks afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sipagent.ops.engines import database_reason

from .call_json import Json
from .left_spools import left_spools, write_spools
from .owner import is_alive
from .reading import read_calls

log = logging.getLogger(__name__)


class BegunCalls:
    """Remember them.

    Args:
        spool: Folder of writes that wait for the database: those of dead processes come first.
    """

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._calls: dict[str, Json] = {}

    def read(self, engine: Engine, call_ids: Sequence[str]) -> None:
        """Read what there is of ``call_ids``; without it they go on all the same."""
        try:
            write_spools(engine, left_spools(self._spool, is_alive))
            with engine.connect() as connection:
                calls = read_calls(connection, call_ids)
        except SQLAlchemyError as error:
            log.error("! how calls began is not known: %s", database_reason(error))
        else:
            self._calls = {call["call_id"]: call for call in calls}

    def beginning_of(self, call_id: str) -> Json | None:
        """Return a call as it was, whole; None: nothing was written of it before."""
        return self._calls.get(call_id)
