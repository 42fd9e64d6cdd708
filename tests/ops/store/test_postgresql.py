"""The same store on a real PostgreSQL server, which comes and goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.errors import JournalError, StoreTooNew
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.engines import make_engine
from sipagent.ops.store import writer as writer_module
from sipagent.ops.store.call_json import record_of
from sipagent.ops.store.cut_off import cut_off_calls
from sipagent.ops.store.filters import CallFilter
from sipagent.ops.store.migrating import migrate
from sipagent.ops.store.queries import CallQueries
from sipagent.ops.store.query_limit import time_limit
from sipagent.ops.store.reading import read_calls
from sipagent.ops.store.retention import forget_some
from sipagent.ops.store.spool import Spool
from sipagent.ops.store.store_metrics import UP
from sipagent.ops.store.tables import METADATA, VERSION_TABLE
from sipagent.ops.store.writer import StoreWriter
from sipagent.ops.store.writes import Write
from sipagent.wire.webhook import IncomingCall
from tests.ops.conftest import Value
from tests.ops.script import CALL
from tests.ops.test_records import RECORD

from .postgres import PostgresServer, programs
from .stores import BEGAN_MS, call_row, counts, made, rows_of, until_last, write

if programs() is None:
    pytest.skip("there is no PostgreSQL server: scripts/setup.sh dev", allow_module_level=True)

LATER_MS = BEGAN_MS + 100 * 86_400_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Run a server for the tests of this file."""
    bin_dir = programs()
    assert bin_dir is not None
    server = PostgresServer(bin_dir)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with made(url) as store:
        yield store


def test_the_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_who_comes_at_once_makes_the_tables_once(url: str) -> None:
    engines = [make_engine(url) for _ in range(4)]
    failures = []

    def make(engine: Engine) -> None:
        try:
            migrate(engine, "test")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert failures == []


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    with pytest.raises(StoreTooNew, match="at version 9001"):
        migrate(engine, "test")


def test_a_call_is_its_record_however_often_it_is_written(engine: Engine) -> None:
    writes = rows_of("c1")
    for _ in range(2):
        write(engine, *writes)
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    record = record_of(call)
    assert {**record, "started_at": "", "recording": {}} == {
        **RECORD,
        "started_at": "",
        "recording": {},
    }


async def test_calls_are_found_counted_and_forgotten(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    for number in range(5):
        write(engine, *rows_of(f"c{number}", began_ms=BEGAN_MS + number // 2))
    queries = CallQueries(url)
    await queries.open()
    try:
        first = await queries.page(CallFilter(text="ONE two", number="110"), limit=3)
        second = await queries.page(CallFilter(plan="desk"), after=first.next)
        ids = [call["call_id"] for call in (*first.calls, *second.calls)]
        assert ids == ["c4", "c3", "c2", "c1", "c0"]
        (figures,) = await queries.figures(CallFilter(result="completed"))
        assert (figures["calls"], figures["turn_gap_ms"], figures["completed"]) == (5, 700, 5)
    finally:
        await queries.close()
    assert forget_some(engine, LATER_MS, tmp_path, tmp_path) == 5
    assert counts(engine) == {}


def test_a_question_that_takes_too_long_is_given_up(engine: Engine) -> None:
    too_long = pytest.raises(JournalError, match="took longer than 1 s")
    with engine.connect() as connection, too_long, time_limit(connection, 1):
        connection.exec_driver_sql("SELECT pg_sleep(50)")


def test_text_that_postgresql_does_not_take_is_kept_without_it(engine: Engine) -> None:
    said = facts.CallerSaid("i\x00", "a\x00b \ud800")
    write(engine, *rows_of("c1", [facts.CallOffered("incoming", "s", "a", "b"), said]))
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    assert call["turns"][0]["said"] == "ab ?"


def test_the_calls_of_a_dead_process_are_cut_off(engine: Engine) -> None:
    write(engine, *rows_of("c1", until_last(facts.AgentSaid)), *rows_of("over"))
    with engine.begin() as connection:
        cut = cut_off_calls(
            *(connection, "here", lambda _: False), are_taken_up=True, now_ms=LATER_MS
        )
    assert [(call["call_id"], call["reason"]) for call in cut] == [("c1", "cut_off")]


def test_a_row_that_is_refused_takes_no_other_with_it(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    writer = StoreWriter(url, tmp_path / "me.jsonl")
    writer.start()
    never = Write("turns", {"call_id": "c1", "at_ms": 2**70, "said": "?"})
    writer.put([*rows_of("c1"), never, *rows_of("c2")])
    writer.close()
    assert counts(engine)["calls"] == 2
    assert grown("sipagent_store_writes_total", outcome="refused") == 1


def test_a_table_that_somebody_keeps_to_himself_makes_writes_wait_in_a_file(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.05)
    monkeypatch.setattr(writer_module, "BUSY_S", 0.05)
    spool = Spool(tmp_path / "me.jsonl")
    writer = StoreWriter(url, spool.path)
    writer.start()
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE turns IN ACCESS EXCLUSIVE MODE")
            writer.put(rows_of("c1"))
            while not spool.size_bytes:
                time.sleep(0.01)
        while spool.path.exists():
            time.sleep(0.01)
    finally:
        writer.close()
    assert call_row(engine, "c1").reason == "caller_hung_up"


def test_a_table_that_is_closed_to_us_is_no_fault_of_the_rows(
    url: str, engine: Engine, tmp_path: Path, grown: Value
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE turns RENAME TO gone")
    spool, never = Spool(tmp_path / "me.jsonl"), {"call_id": "c2", "at_ms": 7, "said": {"a": 1}}
    writer = StoreWriter(url, spool.path)
    writer.start()
    writer.put(rows_of("c1"))
    while not spool.size_bytes:
        time.sleep(0.01)
    writer.put([Write("turns", never)])
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO turns")
    writer.close()
    assert grown("sipagent_store_writes_total", outcome="refused") == 1
    assert call_row(engine, "c1").reason == "caller_hung_up"


def test_a_server_that_is_there_and_silent_makes_writes_wait_in_a_file(
    server: PostgresServer,
    url: str,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.3)
    monkeypatch.setattr(writer_module, "HANG_S", 0.2)
    whole, begun = rows_of("c1"), rows_of("c1", CALL[:10])
    spool = Spool(tmp_path / "me.jsonl")
    writer = StoreWriter(f"{url}?connect_timeout=2", spool.path)
    writer.start()
    try:
        writer.put(begun)
        while call_row(engine, "c1") is None:
            time.sleep(0.01)
        engine.dispose()
        server.freeze()
        try:
            for each in whole[len(begun) :]:
                writer.put([each])
                time.sleep(0.02)
            while UP._value.get() == 1 or not spool.size_bytes:
                writer.put([])
                time.sleep(0.01)
        finally:
            server.thaw()
        while spool.path.exists():
            time.sleep(0.01)
    finally:
        writer.close()
    assert call_row(engine, "c1").reason == "caller_hung_up"


def test_a_server_that_goes_in_mid_call_and_comes_back_misses_nothing(
    server: PostgresServer,
    url: str,
    engine: Engine,
    tmp_path: Path,
    grown: Value,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.1)
    whole, begun = rows_of("c1"), rows_of("c1", CALL[:10])
    spool = Spool(tmp_path / "me.jsonl")
    writer = StoreWriter(url, spool.path)
    writer.start()
    try:
        writer.put(begun)
        while call_row(engine, "c1") is None:
            time.sleep(0.01)
        engine.dispose()
        server.stop()
        writer.put(whole[len(begun) :])
        while not spool.size_bytes:
            time.sleep(0.01)
        server.start()
        while spool.path.exists():
            time.sleep(0.01)
    finally:
        writer.close()
    assert call_row(engine, "c1").reason == "caller_hung_up"
    assert grown("sipagent_store_writes_total", outcome="dropped") == 0


async def test_attached_calls_are_kept_there_too(url: str) -> None:
    store = AttachStore(url)
    await store.open()
    try:
        call = IncomingCall("evt_1", 1, "rtc_1", (("From", "a"),))
        assert await store.add_webhook("wh_1", call, received_at=1.0)
        assert not await store.add_webhook("wh_1", call, received_at=1.0)
        await store.accepted("rtc_1", call_id="c1", plan="desk")
        assert [entry.call_id for entry in await store.alive()] == ["c1"]
    finally:
        await store.close()
