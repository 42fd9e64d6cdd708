"""The tables: made once, by whoever comes first, and never by an older version."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from sipagent.errors import StoreTooNew
from sipagent.ops.store import migrating
from sipagent.ops.store.migrating import migrate
from sipagent.ops.store.tables import HEAD, METADATA, VERSION_TABLE
from sipagent.ops.store.version import stored_version
from sipagent.ops.store.writes import Write

from .stores import counts, made, rows_of, write

MIGRATE = """
import sys
from sipagent.ops.engines import make_engine
from sipagent.ops.store.migrating import migrate
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
migrate(make_engine(sys.argv[1]), "test")
"""


def test_the_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
        assert stored_version(connection) == HEAD


def test_the_last_migration_is_the_one_the_code_is_of() -> None:
    scripts = ScriptDirectory("sipagent/ops/store/migrations")
    assert scripts.get_heads() == [HEAD]


def test_an_older_database_is_brought_up_with_its_calls(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "HEAD", "0001")
    with made(url) as engine:
        write(engine, *(_of_first_version(each) for each in rows_of("c1")))
    monkeypatch.undo()
    with made(url) as engine:
        rows = {(each.table, each.values.get("at_ms")) for each in rows_of("c1")}
        assert counts(engine) == Counter(table for table, _ in rows)
        with engine.connect() as connection:
            assert stored_version(connection) == HEAD
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            assert compare_metadata(context, METADATA) == []


def _of_first_version(later: Write) -> Write:
    known = {name: value for name, value in later.values.items() if name != "unfinished"}
    return Write(later.table, known)


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    write(engine, *rows_of("c1"))
    before = counts(engine)
    migrate(engine, "test")
    assert counts(engine) == before


def test_two_processes_that_come_at_once_make_the_tables_once(url: str) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        ended = [process.communicate("\n", timeout=30) for process in both]
        assert [process.returncode for process in both] == [0, 0], ended
    finally:
        for process in both:
            process.kill()
            process.wait()
    with made(url) as engine:
        assert counts(engine) == {}


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    with pytest.raises(StoreTooNew, match=f"at version 9001, and this sipagent knows {HEAD}"):
        migrate(engine, "calls.db")


def test_a_migration_that_a_crash_ends_leaves_the_database_as_it_was(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", crash)
        with pytest.raises(KeyboardInterrupt), made(url):
            pass
    with sqlite3.connect(tmp_path / "calls.db") as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE name = 'calls'").fetchall()
    database.close()
    assert tables == []
    with made(url) as engine:
        assert counts(engine) == {}
