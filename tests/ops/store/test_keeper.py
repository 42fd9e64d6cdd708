"""What the supervisor does for the store."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.errors import StoreTooNew
from sipagent.ops import engines
from sipagent.ops.flight.record import flight_path
from sipagent.ops.settings import StoreSettings
from sipagent.ops.store.keeper import StoreKeeper
from sipagent.ops.store.owner import this_process
from sipagent.ops.store.retention import AT_A_TIME, forget_some
from sipagent.ops.store.spool import Spool
from sipagent.ops.store.tables import VERSION_TABLE
from sipagent.ops.store.writes import Write
from tests.ops.script import CALL

from .stores import BEGAN_MS, call_row, counts, looked_daily, rows_of, until_last, write

GOING_ON = until_last(facts.AgentSaid)
DAY_MS = 86_400_000


@asynccontextmanager
async def kept(folder: Path, **settings: Any) -> AsyncIterator[StoreKeeper]:
    store = {"url": f"sqlite:///{folder}/calls.db", "spool": folder / "spool", "box": "here"}
    keeper = StoreKeeper(
        StoreSettings.model_validate({**store, **settings}),
        records=folder / "calls.jsonl",
        recordings=folder / "recordings",
        flights=folder / "flights",
        clock=lambda: (BEGAN_MS + 10 * DAY_MS) / 1000,
    )
    try:
        yield keeper
    finally:
        await keeper.close()


def records(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / "calls.jsonl").read_bytes().splitlines()]


async def test_what_a_dead_process_left_in_its_file_comes_before_its_calls_are_cut_off(
    tmp_path: Path, engine: Engine
) -> None:
    write(engine, *rows_of("c1", GOING_ON[:4]))
    whole, going_on = rows_of("over"), rows_of("c1", GOING_ON)
    dead = Spool(tmp_path / "spool" / "boot.1.2.jsonl")
    dead.append([*whole, *going_on])
    ours = Spool(tmp_path / "spool" / f"{this_process('').process}.jsonl")
    ours.append(rows_of("ours", GOING_ON))
    async with kept(tmp_path) as keeper:
        await keeper.open()
    assert not dead.path.exists()
    assert ours.path.exists()
    assert call_row(engine, "over").reason == "caller_hung_up"
    (record,) = records(tmp_path)
    assert (record["call_id"], record["reason"]) == ("c1", "cut_off")
    assert record["turns"][-1]["said"] == "one two three"


async def test_a_row_that_is_never_taken_and_a_file_that_cannot_be_read_lose_nothing_else(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    write(engine, *rows_of("c1", GOING_ON[:4]))
    (tmp_path / "spool" / "boot.0.1.jsonl").mkdir(parents=True)
    dead = Spool(tmp_path / "spool" / "boot.1.2.jsonl")
    no_column, no_key = Write("calls", {"call_id": "x", "gone": 1}), Write("turns", {"said": "x"})
    dead.append([no_column, *rows_of("over"), no_key])
    with dead.path.open("ab") as file:
        file.write(b'["calls", 7]\n[["calls"], {}]\n' + b"[" * 100_000 + b"\n\xff\n")
    async with kept(tmp_path) as keeper:
        await keeper.open()
    assert not dead.path.exists()
    assert call_row(engine, "over").reason == "caller_hung_up"
    assert call_row(engine, "c1").reason == "cut_off"
    assert caplog.text.count("is refused") == 2 and "cannot be read" in caplog.text


async def test_a_process_that_dies_while_the_keeper_looks_is_judged_the_next_time(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(engine, *rows_of("c1", GOING_ON))
    left = Spool(tmp_path / "spool" / "boot.1.2.jsonl")
    left.append(rows_of("c1"))
    asked: list[str] = []

    def dies(process: str) -> bool:
        asked.append(process)
        return len(asked) == 1

    for module in ("keeper", "left_spools"):
        monkeypatch.setattr(f"sipagent.ops.store.{module}.is_alive", dies, raising=False)
    async with kept(tmp_path) as keeper:
        await keeper.open()
        await keeper.open()
    assert call_row(engine, "c1").reason == "caller_hung_up"
    assert not (tmp_path / "calls.jsonl").exists()


async def test_calls_of_this_process_go_on(tmp_path: Path, engine: Engine) -> None:
    write(engine, *rows_of("c1", GOING_ON, owner=this_process("here").as_values()))
    async with kept(tmp_path) as keeper:
        await keeper.open()
        await keeper.open()
    assert call_row(engine, "c1").ended_at_ms is None
    assert not (tmp_path / "calls.jsonl").exists()


async def test_a_store_that_is_locked_at_the_start_is_kept_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engines, "BUSY_S", 0.02)
    async with kept(tmp_path) as keeper:
        with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await keeper.open()
            await keeper.open()
        await keeper.open()
    assert caplog.text.count("calls go on") == 1
    with closing(sqlite3.connect(tmp_path / "calls.db")) as database:
        assert database.execute("SELECT count(*) FROM calls").fetchone() == (0,)


async def test_a_store_of_a_newer_version_ends_the_start(tmp_path: Path, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    async with kept(tmp_path) as keeper:
        with pytest.raises(StoreTooNew, match="use a newer sipagent"):
            await keeper.open()


async def test_old_calls_are_forgotten_with_their_files_and_no_other_file(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "recordings" / "old.wav", tmp_path / "x.wav", tmp_path / "recordings/n.wav"]
    files += [flight_path(tmp_path / "flights", each) for each in ("old", "new")]
    files += [tmp_path / "recordings" / "half.wav.part"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def recorded(path: Path) -> list[facts.Fact]:
        return [CALL[0], facts.CallRecorded(str(path), "none", 1, ""), CALL[-1]]

    write(engine, *rows_of("old", recorded(files[0])))
    half = facts.RecordingStarted(str(files[-1]), "none")
    write(engine, *rows_of("half", [CALL[0], half], owner={"box": "here", "owner": "boot.1.1"}))
    write(engine, *rows_of("elsewhere", recorded(files[1])))
    write(engine, *rows_of("open", GOING_ON, owner=this_process("here").as_values()))
    write(engine, *rows_of("new", recorded(files[2]), began_ms=BEGAN_MS + 9 * DAY_MS))
    looked_daily(engine, 10)
    async with kept(tmp_path, retention_days=5) as keeper:
        await keeper.open()
        await keeper.forget()
    assert [call_row(engine, each) is not None for each in ("old", "elsewhere", "open", "new")] == [
        *(False, False, True, True)
    ]
    assert [file.exists() for file in files] == [False, True, True, False, True, False]
    assert counts(engine)["recordings"] == 1


async def test_a_call_that_no_file_can_be_named_after_is_forgotten_like_others(
    tmp_path: Path, engine: Engine
) -> None:
    write(engine, *rows_of("../../old"))
    looked_daily(engine, 10)
    async with kept(tmp_path, retention_days=5) as keeper:
        await keeper.open()
        await keeper.forget()
    assert call_row(engine, "../../old") is None


async def test_calls_are_kept_for_ever_unless_somebody_wants_it(
    tmp_path: Path, engine: Engine
) -> None:
    write(engine, *rows_of("old", began_ms=1))
    async with kept(tmp_path) as keeper:
        await keeper.open()
        await keeper.forget()
    assert call_row(engine, "old") is not None


def test_many_are_forgotten_a_few_at_a_time(tmp_path: Path, engine: Engine) -> None:
    for number in range(AT_A_TIME + 1):
        write(engine, *rows_of(f"c{number}", [CALL[0], CALL[-1]]))
    assert forget_some(engine, BEGAN_MS + DAY_MS, tmp_path, tmp_path) == AT_A_TIME
    assert forget_some(engine, BEGAN_MS + DAY_MS, tmp_path, tmp_path) == 1
    assert forget_some(engine, BEGAN_MS + DAY_MS, tmp_path, tmp_path) == 0
