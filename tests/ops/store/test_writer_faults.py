"""The thread that writes, when more than the database is at fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from sipagent.ops.store import writer as writer_module
from sipagent.ops.store.left_spools import write_spools
from sipagent.ops.store.spool import Spool
from sipagent.ops.store.store_metrics import SPOOLED, UP
from sipagent.ops.store.writer import StoreWriter
from sipagent.ops.store.writes import Write
from tests.ops.conftest import Value

from .stores import call_row, counts, rows_of
from .test_writer import WHOLE, impatient, until, writing

__all__ = ["impatient"]


def all_of(spool: Spool) -> list[Write]:
    return [each for batch in Spool(spool.path).batches(1_000) for each in batch]


def test_what_a_thread_has_that_hangs_in_the_database_is_spooled_at_the_end(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    spool, goes_on = Spool(tmp_path / "me.jsonl"), threading.Event()
    begun = threading.Event()
    writer = StoreWriter(url, spool.path)

    def hang(batch: Sequence[Write]) -> None:
        if batch:
            begun.set()
            goes_on.wait()

    writer._execute = hang  # type: ignore[method-assign]
    writer.start()
    try:
        first, second = rows_of("c1"), rows_of("c2")
        writer.put(first)
        assert begun.wait(30)
        writer.put(second)
        writer.close(limit_s=0.01)
        assert all_of(spool) == [*first, *second]
    finally:
        goes_on.set()
        writer._thread.join()


def test_a_spool_that_cannot_be_removed_keeps_nothing_from_the_database(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def read_only(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".jsonl":
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", read_only)
    spool = Spool(tmp_path / "spool" / "me.jsonl")
    with writing("sqlite:////nowhere/at/all.db", tmp_path) as writer:
        writer.put(rows_of("c1"))
        until(lambda: spool.size_bytes)
        writer._url = url
        until(lambda: call_row(engine, "c1"))
        until(lambda: UP._value.get() == 1 and not writer._is_away)
        size = spool.size_bytes
        writer.put(rows_of("c2"))
        until(lambda: call_row(engine, "c2"))
        assert spool.size_bytes == size


def test_a_spool_that_cannot_be_read_keeps_nothing_from_the_database(
    url: str, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = tmp_path / "spool" / "me.jsonl"
    spool.mkdir(parents=True)
    with writing("sqlite:////nowhere/at/all.db", tmp_path) as writer:
        writer.put(rows_of("c1"))
        until(lambda: writer._is_away)
        writer._url = url
        until(lambda: call_row(engine, "c1"))
    assert "stays" in caplog.text


def test_a_value_of_a_kind_that_no_driver_knows_blocks_nothing(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    never = Write("turns", {"call_id": "c1", "at_ms": 7, "said": {"no": "text"}})
    with writing(url, tmp_path) as writer:
        writer.put([*rows_of("c1"), never, *rows_of("c2")])
    assert counts(engine)["calls"] == 2
    assert grown(WHOLE, outcome="refused") == 1
    dead = Spool(tmp_path / "dead.jsonl")
    dead.append([never, *rows_of("c3")])
    assert write_spools(engine, [dead]) == len(rows_of("c3"))


def test_a_table_that_is_missing_is_no_fault_of_the_rows(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE turns RENAME TO gone")
    spool = Spool(tmp_path / "spool" / "me.jsonl")
    with writing(url, tmp_path) as writer:
        writer.put(rows_of("c1"))
        until(lambda: spool.size_bytes)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO turns")
        until(lambda: not spool.path.exists())
    assert call_row(engine, "c1").reason == "caller_hung_up"
    assert grown(WHOLE, outcome="refused") == 0


def test_after_a_failure_nothing_is_left_of_the_connection(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    with writing(url, tmp_path) as writer:
        until(lambda: UP._value.get() == 1 and writer._engine is not None)
        before = writer._engine
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE turns RENAME TO gone")
        writer.put(rows_of("c1"))
        until(lambda: writer._is_away)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO turns")
        until(lambda: not writer._is_away)
        assert writer._engine is not before


def test_what_others_had_in_files_is_not_told_of_when_it_is_written(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "IDLE_S", 0.05)
    others = Spool(tmp_path / "spool" / "boot.1.2.jsonl")
    others.append(rows_of("c1"))
    with writing(url, tmp_path):
        until(lambda: SPOOLED._value.get() == others.size_bytes > 0)
        write_spools(engine, [others])
        until(lambda: SPOOLED._value.get() == 0)


def test_rows_after_a_line_that_could_not_be_taken_back_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, writes = Spool(tmp_path / "s.jsonl"), rows_of("c1")

    def fails(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("sipagent.ops.store.spool.os.ftruncate", fails)
        patch.setattr("sipagent.ops.store.spool.os.write", _half)
        with pytest.raises(OSError, match="Input/output"):
            spool.append(writes[:1])
    spool.append(writes[1:])
    assert all_of(spool) == writes[1:]


def _half(descriptor: int, data: bytes) -> int:
    with open(descriptor, "ab", buffering=0, closefd=False) as file:
        return file.write(data[: len(data) // 2]) or 0


def test_a_spool_that_was_read_to_its_end_is_not_read_again(tmp_path: Path) -> None:
    spool, writes = Spool(tmp_path / "s.jsonl"), rows_of("c1")
    spool.append(writes)
    assert [each for batch in spool.batches(10) for each in batch] == writes
    spool.append(writes[:2])
    assert [each for batch in spool.batches(10) for each in batch] == writes[:2]
