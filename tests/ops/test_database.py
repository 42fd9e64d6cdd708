"""Opening a database that somebody else opens for the first time as well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, Executable
from sqlalchemy.exc import IntegrityError, ProgrammingError

from sipagent.errors import JournalError
from sipagent.ops import database
from sipagent.ops.session_store import SessionStore


class Rival:
    """Has made the tables just before, as often as it is told."""

    def __init__(self, error: type[IntegrityError | ProgrammingError], times: int) -> None:
        self._error, self._times = error, times
        self._execute_all = database.execute_all

    def __call__(self, engine: Engine, statements: Sequence[Executable]) -> None:
        if self._times:
            self._times -= 1
            raise self._error("CREATE", {}, Exception("it already exists"))
        self._execute_all(engine, statements)


@pytest.mark.parametrize("error", [IntegrityError, ProgrammingError])
async def test_tables_that_another_process_made_meanwhile_are_looked_at_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[IntegrityError | ProgrammingError],
) -> None:
    monkeypatch.setattr(database, "execute_all", Rival(error, times=1))
    store = SessionStore(f"sqlite:///{tmp_path}/sessions.db")
    await store.open()
    await store.session("s").add([{"id": 1}])
    assert await store.session("s").items() == [{"id": 1}]
    await store.close()


async def test_tables_that_cannot_be_made_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "execute_all", Rival(ProgrammingError, times=2))
    with pytest.raises(JournalError, match=r"sessions\.db: it already exists"):
        await SessionStore(f"sqlite:///{tmp_path}/sessions.db").open()
