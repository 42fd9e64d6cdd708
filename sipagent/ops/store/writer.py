"""One thread of each process with calls that writes to the store; nobody waits for it.

Writes come in order and are written in order, a moment's worth in one transaction. When the
database says no they go to the spool, and when it is back they come from there first. When the
disk of the spool is full as well they stay in memory, and at last the oldest are dropped and
counted. What the database will never take, since it is no value of its column, is left out.

| resource   | acquired | released | on failure                                         |
|------------|----------|----------|----------------------------------------------------|
| thread     | ``start``| ``close``| ends with the process                              |
| connection | as needed| ``close``| the next one is fresh, and its tables are looked at  |
| spool      | as needed| when read| stays, and the supervisor writes it when we are gone |

A server that has taken a question and is silent is broken off by whoever has more to write.
When the process ends while the thread hangs in the database, what it has is spooled without it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sipagent.errors import JournalError
from sipagent.ops.engines import database_reason, make_engine
from sipagent.ops.server_line import ServerLine

from . import store_metrics as metrics
from .spool import SUFFIX, Spool
from .version import check_version
from .writes import NEVER, Write, execute_writes, is_unwritable

log = logging.getLogger(__name__)

GATHER_S = 0.15
"""How long a write waits for others, to be written with them."""

RETRY_S = 1.0
IDLE_S = 10.0
"""How long nothing is asked of the database before it is asked whether it is there."""

BUSY_S = 1.0
"""How long to wait while another process writes; then the spool is faster."""

HANG_S = 5.0
"""How long a server may be silent."""

BATCH = 500
MOST_WAITING = 50_000
"""Writes in memory; some 100 MB at the very most."""

CLOSE_LIMIT_S = 5.0


class StoreWriter:
    """Write to one store.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
        spool: Of this process alone.
    """

    def __init__(self, url: str, spool: Path) -> None:
        self._url, self._spool = url, Spool(spool)
        self._engine: Engine | None = None
        self._queue: deque[Write] = deque()
        self._pending: list[Write] = []
        self._in_hand: list[Write] = []
        self._told, self._is_closing = threading.Event(), False
        self._is_away = False
        self._asked_at: float | None = None
        self._line: ServerLine | None = None
        self._retry_at = self._spool_again_at = 0.0
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, writes: Sequence[Write]) -> None:
        """Have ``writes`` written. Any thread; never waits."""
        self._queue.extend(writes)
        while len(self._queue) > MOST_WAITING:
            self._queue.popleft()
            metrics.DROPPED.inc()
        self._told.set()
        asked_at, line = self._asked_at, self._line
        if line is not None and asked_at is not None and time.monotonic() > asked_at + HANG_S:
            line.break_off()

    def close(self, limit_s: float = CLOSE_LIMIT_S) -> None:
        """Write what waits, or spool it; for no loop. Safe twice."""
        self._is_closing = True
        self._told.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)
            if self._thread.is_alive():
                self._spool_rest()

    def _spool_rest(self) -> None:
        """Spool what a thread that hangs has not written; what it writes yet is there once."""
        rest = [*self._pending, *self._in_hand]
        with suppress(IndexError):
            while True:
                rest.append(self._queue.popleft())
        try:
            self._spool.append(rest)
        except OSError as error:
            log.error("! %d writes are lost: %s", len(rest), database_reason(error))

    # The thread.

    def _run(self) -> None:
        self._told.set()
        while not (self._is_closing and not self._queue):
            is_told = self._told.wait(RETRY_S if self._is_away else IDLE_S)
            if is_told and not self._is_closing:
                time.sleep(GATHER_S)
            self._told.clear()
            try:
                self._work()
            except Exception:
                log.exception("! the store lost a batch")
            metrics.QUEUED.set(len(self._queue) + len(self._pending))
        self._keep([])  # what the disk had no room for
        if self._engine is not None:
            self._engine.dispose()

    def _work(self) -> None:
        while True:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            self._in_hand = batch
            if self._is_away:
                self._keep(batch)
                if not self._queue and (self._is_closing or time.monotonic() >= self._retry_at):
                    self._catch_up()
            elif not self._is_written(batch):
                self._keep(batch)
            elif not batch:  # others may have written what waited in theirs
                self._measure_spools()
            self._in_hand = []
            if not self._queue:
                return

    def _keep(self, batch: Sequence[Write]) -> None:
        """Put ``batch`` behind what waits already."""
        self._pending += batch
        if self._pending and (self._is_closing or time.monotonic() >= self._spool_again_at):
            self._spool_pending()
        too_many = len(self._pending) - MOST_WAITING
        if too_many > 0:
            del self._pending[:too_many]
            metrics.DROPPED.inc(too_many)

    def _spool_pending(self) -> None:
        try:
            self._spool.append(self._pending)
        except OSError as error:
            self._spool_again_at = time.monotonic() + RETRY_S
            reason = database_reason(error)
            log.error("! %s: %s; %d wait", self._spool.path, reason, len(self._pending))
        else:
            metrics.SPOOLED_OUTCOME.inc(len(self._pending))
            self._pending = []
        self._measure_spools()

    def _catch_up(self) -> None:
        """Write what waits, oldest first, as far as the database takes it."""
        try:
            for batch in self._spool.batches(BATCH):
                if not self._is_written(batch):
                    return
            self._spool.clear()
        except OSError as error:  # whoever comes after us may read it, or remove it
            log.error("! %s stays: %s", self._spool.path, database_reason(error))
        self._measure_spools()
        while self._pending:
            if not self._is_written(self._pending[:BATCH]):
                return
            del self._pending[:BATCH]
        self._is_away = False
        log.info("= the store is back")

    def _is_written(self, batch: Sequence[Write]) -> bool:
        """Write ``batch``; False if the database says no, for now."""
        began_at = self._asked_at = time.monotonic()
        try:
            self._execute(batch)
        except (*NEVER, SQLAlchemyError, OSError, ImportError, JournalError) as error:
            if is_unwritable(error):
                return all(self._is_written_alone(write) for write in batch)
            self._went_away(error)
            return False
        finally:
            self._asked_at = None
        metrics.WRITE_SECONDS.observe(time.monotonic() - began_at)
        metrics.WRITTEN.inc(len(batch))
        metrics.UP.set(1)
        return True

    def _is_written_alone(self, write: Write) -> bool:
        try:
            self._execute([write])
        except (*NEVER, SQLAlchemyError, OSError) as error:
            if not is_unwritable(error):
                self._went_away(error)
                return False
            log.error("! a row of %s is refused: %s", write.table, database_reason(error))
            metrics.REFUSED.inc()
        else:
            metrics.WRITTEN.inc()
        return True

    def _execute(self, batch: Sequence[Write]) -> None:
        if self._engine is None:
            engine = make_engine(self._url, busy_s=BUSY_S)
            self._line = ServerLine(engine)
            try:
                check_version(engine)
            except BaseException:
                engine.dispose()
                raise
            self._engine = engine
        if not batch:
            check_version(self._engine)
            return
        with self._engine.begin() as connection:
            execute_writes(connection, batch)

    def _measure_spools(self) -> None:
        files = self._spool.path.parent.glob(f"*{SUFFIX}")
        metrics.SPOOLED.set(sum(Spool(file).size_bytes for file in files))

    def _went_away(self, error: Exception) -> None:
        if not self._is_away:
            log.error("! the store says no: %s; calls go on", database_reason(error))
        self._is_away, self._retry_at = True, time.monotonic() + RETRY_S
        if self._engine is not None:  # it may lead to a server that takes no writes any more
            self._engine.dispose()
            self._engine = None
        metrics.UP.set(0)
