"""The thread that writes: as the call goes, and when the database says no."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sipagent.ops.store import writer as writer_module
from sipagent.ops.store.spool import Spool
from sipagent.ops.store.store_metrics import UP
from sipagent.ops.store.writer import StoreWriter
from sipagent.ops.store.writes import Write
from tests.ops.conftest import Value
from tests.ops.script import CALL

from .stores import call_row, counts, rows_of, write

WHOLE = "sipagent_store_writes_total"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(writer_module, "RETRY_S", 0.05)
    monkeypatch.setattr(writer_module, "BUSY_S", 0.05)


@contextmanager
def writing(url: str, tmp_path: Path) -> Iterator[StoreWriter]:
    writer = StoreWriter(url, tmp_path / "spool" / "me.jsonl")
    writer.start()
    try:
        yield writer
    finally:
        writer.close()


def until(holds: Callable[[], object]) -> None:
    """Wait for a thread; the test's own limit ends it."""
    while not holds():
        time.sleep(0.01)


def test_what_is_put_is_written_within_a_fifth_of_a_second(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    with writing(url, tmp_path) as writer:
        until(lambda: UP._value.get() == 1)
        began_at = time.monotonic()
        writer.put(rows_of("c1", CALL[:3]))
        until(lambda: call_row(engine, "c1"))
        assert time.monotonic() - began_at < 2  # on a machine that does other things, too
    assert call_row(engine, "c1").plan == "desk"


def test_what_waits_when_it_closes_is_written(url: str, engine: Engine, tmp_path: Path) -> None:
    with writing(url, tmp_path) as writer:
        for number in range(40):
            writer.put(rows_of(f"c{number}"))
    assert counts(engine)["calls"] == 40


def test_a_locked_database_makes_writes_wait_in_a_file_and_come_in_order(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    spool = Spool(tmp_path / "spool" / "me.jsonl")
    whole, first = rows_of("c1"), rows_of("c1", CALL[:10])
    with writing(url, tmp_path) as writer:
        until(lambda: UP._value.get() == 1)
        with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            writer.put(first)
            until(lambda: spool.size_bytes)
            writer.put(whole[len(first) :])
            until(lambda: grown(WHOLE, outcome="spooled") >= len(whole))
            assert UP._value.get() == 0
            other.execute("COMMIT")
        until(lambda: not spool.path.exists())
        until(lambda: UP._value.get() == 1)
    assert call_row(engine, "c1").reason == "caller_hung_up"
    assert grown(WHOLE, outcome="written") == len(whole)
    assert grown(WHOLE, outcome="dropped") == 0


def test_a_full_disk_loses_nothing_and_what_comes_later_is_written(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    writer = StoreWriter(url, tmp_path / "spool" / "me.jsonl")
    full = _limited(writer, pages)
    writer.start()
    try:
        for number in range(30):
            writer.put(rows_of(f"c{number}"))
        until(lambda: Spool(tmp_path / "spool" / "me.jsonl").size_bytes)
        assert counts(engine).get("calls", 0) < 30
        full.clear()
        until(lambda: counts(engine).get("calls") == 30)
    finally:
        writer.close()
    assert not (tmp_path / "spool" / "me.jsonl").exists()


def _limited(writer: StoreWriter, pages: int) -> list[int]:
    """Have the file of ``writer`` hold no more pages while the list has something."""
    most, execute = [pages], writer._execute

    def limited(batch: list[Write]) -> None:
        execute([])
        assert writer._engine is not None
        with writer._engine.connect() as connection:
            limit = most[0] if most else 1_000_000
            connection.exec_driver_sql(f"PRAGMA max_page_count={limit}")
        execute(batch)

    writer._execute = limited  # type: ignore[assignment, method-assign]
    return most


def test_where_even_the_spool_fails_the_oldest_go_and_are_counted(
    tmp_path: Path, grown: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 100)
    (tmp_path / "spool").write_text("no folder")
    with writing("sqlite:////nowhere/at/all.db", tmp_path) as writer:
        for number in range(40):
            writer.put(rows_of(f"c{number}"))
        until(lambda: grown(WHOLE, outcome="dropped") == 40 * len(rows_of("c")) - 100)
    assert grown(WHOLE, outcome="written") == 0


def test_a_row_that_no_database_takes_is_left_out_and_the_others_are_not(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    never = Write("turns", {"call_id": "c1", "at_ms": 2**70, "said": "?"})
    with writing(url, tmp_path) as writer:
        writer.put([*rows_of("c1"), never, *rows_of("c2")])
    assert counts(engine)["calls"] == 2
    assert grown(WHOLE, outcome="refused") == 1


def test_a_store_without_tables_is_one_that_says_no(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path / "spool" / "me.jsonl")
    with writing(url, tmp_path) as writer:
        writer.put(rows_of("c1"))
        until(lambda: spool.size_bytes)
    assert "calls go on" in caplog.text
    assert spool.size_bytes


def test_what_was_read_of_a_spool_is_not_read_again(tmp_path: Path) -> None:
    spool, writes = Spool(tmp_path / "s.jsonl"), rows_of("c1")
    spool.append(writes)
    batches = spool.batches(10)
    assert next(batches) == writes[:10]
    next(batches)
    batches.close()
    assert [each for batch in spool.batches(10) for each in batch] == writes[10:]


def test_a_spool_that_ends_in_mid_line_is_read_up_to_there(tmp_path: Path, engine: Engine) -> None:
    spool, writes = Spool(tmp_path / "s.jsonl"), rows_of("c1")
    spool.append(writes)
    with spool.path.open("r+b") as file:
        file.truncate(spool.size_bytes - 5)
    (read,) = spool.batches(1_000)
    assert read == writes[:-1]
    write(engine, *read)
