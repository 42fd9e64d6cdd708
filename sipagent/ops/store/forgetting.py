"""Forgets calls by their age, once a day; a while at a time, and never all the database's time.

| resource | acquired | released | on failure                          |
|----------|----------|----------|-------------------------------------|
| database | each use | each use | logged; the next look goes on there |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, delete, func, select, text

from sipagent.errors import JournalError
from sipagent.ops.clock import shown_time
from sipagent.ops.database import Database

from .retention import forget_some
from .retention_state import RetentionState
from .seen_days import DAY_MS, Seen, unseen_gap_ms
from .tables import CALLS, LOOKS

log = logging.getLogger(__name__)

AT_A_TIME_S = 5.0
"""How long old calls are forgotten at a time: whoever does it has other work."""


class Forgetting:
    """Forget the calls of one store.

    Args:
        days: How long calls are kept; 0: for ever.
        recordings: Folder of recordings.
        flights: Folder of flight records.
        clock: Returns Unix seconds.
    """

    def __init__(
        self, days: int, *, recordings: Path, flights: Path, clock: Callable[[], float]
    ) -> None:
        self.state = RetentionState()
        self._days, self._clock = days, clock
        self._forget_some = partial(forget_some, recordings=recordings, flights=flights)
        self._done_at_ms: int | None = None

    async def look(self, database: Database) -> None:
        """Forget what is too old, unless that was done today; the rest of much at another look."""
        now_ms = int(self._clock() * 1000)
        is_done = self._done_at_ms is not None and 0 <= now_ms - self._done_at_ms < DAY_MS
        if not self._days or is_done:
            return
        try:
            if await self._is_done(database, now_ms):
                self._done_at_ms = now_ms
        except JournalError as error:
            log.error("! old calls are still there: %s", error)

    async def _is_done(self, database: Database, now_ms: int) -> bool:
        before_ms = now_ms - self._days * DAY_MS
        seen = await database.work(partial(_note_look, before_ms=before_ms, now_ms=now_ms))
        gap = unseen_gap_ms(seen, now_ms)
        self.state.is_held = gap is not None
        if gap is not None:
            last, first = (shown_time(each / 1000) for each in gap)
            log.error(
                "! no old call is forgotten: the box saw nothing from %s to %s; was it off, or the"
                " clock set?",
                *(last, first),
            )
            return True
        forgotten = await self._forget(database, before_ms)
        if forgotten is None:
            return False
        await database.work(partial(_forget_looks, before_ms=before_ms))
        return True

    async def _forget(self, database: Database, before_ms: int) -> int | None:
        """Return how many calls were forgotten, None if there are more."""
        loop = asyncio.get_running_loop()
        ends_at, forgotten = loop.time() + AT_A_TIME_S, 0
        while True:
            began_at = loop.time()
            some = await database.work(partial(self._forget_some, before_ms=before_ms))
            forgotten += some
            if not some or loop.time() > ends_at:
                break
            await asyncio.sleep(loop.time() - began_at)  # whoever writes has as long
        if forgotten:
            log.info("= %d calls of more than %d days ago are forgotten", forgotten, self._days)
        return None if some else forgotten


def _note_look(engine: Engine, before_ms: int, now_ms: int) -> Seen:
    """Note that the box looked; return what it knows to have happened around ``before_ms``."""
    note = text(f"INSERT INTO {LOOKS.name} (at_ms) VALUES (:at_ms) ON CONFLICT DO NOTHING")
    with engine.begin() as connection:
        connection.execute(note, {"at_ms": now_ms})
        last_ms, first_ms = [], []
        for moment in (CALLS.c.started_at_ms, LOOKS.c.at_ms):
            last = select(func.max(moment)).where(moment < before_ms)
            first = select(func.min(moment)).where(moment >= before_ms, moment <= now_ms)
            last_ms.append(connection.execute(last).scalar())
            first_ms.append(connection.execute(first).scalar())
    return Seen(
        max((each for each in last_ms if each is not None), default=None),
        min((each for each in first_ms if each is not None), default=None),
    )


def _forget_looks(engine: Engine, before_ms: int) -> None:
    with engine.begin() as connection:
        connection.execute(delete(LOOKS).where(LOOKS.c.at_ms < before_ms))
