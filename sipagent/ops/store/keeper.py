"""What the supervisor does for the store: its tables, calls that were cut off, calls too old.

Calls need none of this to go on: what cannot be done now is done at the next look.

| resource | acquired | released  | on failure                                        |
|----------|----------|-----------|---------------------------------------------------|
| database | ``open`` | ``close`` | logged once, tried again; too new: ``StoreTooNew`` |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from sipagent.errors import JournalError, StoreTooNew
from sipagent.ops.database import Database
from sipagent.ops.json_lines import append_line
from sipagent.ops.settings import StoreSettings

from .call_json import Json, record_of
from .cut_off import cut_off_calls, dead_owners
from .forgetting import Forgetting
from .left_spools import left_spools, write_spools
from .migrating import migrate
from .owner import box_name, is_alive

log = logging.getLogger(__name__)

LOOK_S = 30.0
RETRY_S = 2.0
"""While the database is away."""


class StoreKeeper:
    """Keep one store.

    Args:
        settings: Where it is, whose, and for how long.
        records: The file of call records; cut-off calls get their line, too.
        recordings: Folder of recordings.
        flights: Folder of flight records.
        clock: Returns Unix seconds.
        are_taken_up: Whether attached calls outlive their process.
        on_cut_off: Called with each call that was cut off.
    """

    def __init__(
        self,
        settings: StoreSettings,
        *,
        records: Path,
        recordings: Path,
        flights: Path,
        clock: Callable[[], float],
        are_taken_up: bool = False,
        on_cut_off: Callable[[Json], None] = lambda _: None,
    ) -> None:
        self._settings, self._records = settings, records
        self._clock, self._are_taken_up = clock, are_taken_up
        self._on_cut_off = on_cut_off
        self._forgetting = Forgetting(
            settings.retention_days, recordings=recordings, flights=flights, clock=clock
        )
        self.retention = self._forgetting.state
        self._database = Database(settings.url, (), thread_name="store-keeper")
        self._is_open = self._is_away = False
        self._told = asyncio.Event()

    async def open(self) -> None:
        """Make the tables what they should be, and mark what the last run left.

        A database that is not there now is tried again later.

        Raises:
            StoreTooNew: If a newer version has made the tables.
        """
        await self._look()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(RETRY_S if self._is_away else LOOK_S):
                    await self._told.wait()
            except TimeoutError:
                pass
            self._told.clear()
            try:
                await self._look()
                await self.forget()
            except StoreTooNew as error:
                log.error("! %s", error)
            except Exception:  # the next look may be luckier, and nobody else looks
                log.exception("! the store is not kept this time")

    def look(self) -> None:
        """Look soon: a process with calls has ended."""
        self._told.set()

    async def close(self) -> None:
        """Look once more, and close; safe twice."""
        if self._is_open:
            await self._look()
        self._is_open = False
        await self._database.close()

    async def _look(self) -> None:
        try:
            if not self._is_open:
                await self._database.open()
                await self._database.work(partial(migrate, name=self._database.name))
                self._is_open = True
            lost = await self._database.work(self._mark)
        except StoreTooNew:
            await self._database.close()
            raise
        except JournalError as error:
            if not self._is_away:
                log.error("! %s; calls go on", error)
            self._is_away = True
            return
        self._is_away = False
        for call in lost:
            log.warning("call=%s ! cut off: its process ended", call["call_id"])
            await asyncio.to_thread(append_line, self._records, record_of(call))
            self._on_cut_off(call)

    def _mark(self, engine: Engine) -> list[Json]:
        box = box_name(self._settings.box, self._settings.url)
        with engine.connect() as connection:
            dead = dead_owners(connection, box, is_alive)
        rows = write_spools(engine, left_spools(Path(self._settings.spool), is_alive))
        if rows:
            log.info("= the store has %d rows that had waited in files", rows)
        with engine.begin() as connection:
            return cut_off_calls(
                connection,
                box,
                lambda owner: owner not in dead,
                are_taken_up=self._are_taken_up,
                now_ms=int(self._clock() * 1000),
            )

    async def forget(self) -> None:
        """Forget what is too old, as far as that is to be done now."""
        if self._is_open:
            await self._forgetting.look(self._database)
