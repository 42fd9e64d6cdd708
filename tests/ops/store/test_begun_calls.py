"""Calls that two processes had, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.engines import make_engine
from sipagent.ops.records import RecordWriter
from sipagent.ops.store.begun_calls import BegunCalls
from sipagent.ops.store.call_json import record_of
from sipagent.ops.store.costs import Price
from sipagent.ops.store.observer import StoreObserver
from sipagent.ops.store.owner import Owner
from sipagent.ops.store.reading import read_calls
from sipagent.ops.store.spool import Spool
from sipagent.ops.store.writes import Write

from .stores import BEGAN_MS, call_row, write

OFFERED = facts.CallOffered("incoming", "sip-1", "desk", "+4930", realtime_call_id="rtc_1")
FIRST: list[facts.Fact] = [
    OFFERED,
    facts.CallRouted("desk", "Reception", 7, "9c10"),
    facts.SessionOpened(120, "dear"),
    facts.CallAnswered(400),
    facts.AgentSoundStarted("a", "Reception", 700),
    facts.AgentSaid("a", "Reception", "Good morning.", "Good morning.", 900, False),
    facts.UsageReported(70, 110, audio_tokens_in=70, audio_tokens_out=110),
    facts.AgentChanged("Reception", "Billing"),
    facts.DigitPressed("4"),
]
SECOND: list[facts.Fact] = [
    OFFERED,
    facts.CallRouted("desk", "Billing", 8, "77aa"),
    facts.SessionOpened(95, "dear"),
    facts.AgentSoundStarted("b", "Billing", 900),
    facts.AgentSaid("b", "Billing", "Still there?", "Still there?", 800, False),
    facts.UsageReported(7, 11, audio_tokens_in=7, audio_tokens_out=11),
    facts.DigitPressed("2"),
    facts.CallEnded(
        Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP), 60_000, {"resumed": "true"}
    ),
]
PRICES = {"dear": Price(audio_in=32.0, audio_out=64.0, per_minute=0.1)}


class Process:
    """One process of two: what it writes down."""

    def __init__(self, folder: Path, number: int, begun: BegunCalls) -> None:
        self.rows: list[Write] = []
        self._now = datetime.fromtimestamp(BEGAN_MS / 1000, UTC) + timedelta(seconds=30 * number)
        owner = Owner("here", f"boot.{number}.1")
        self._observers = (
            RecordWriter(folder / "calls.jsonl", lambda: self._now, begun.beginning_of),
            StoreObserver(
                self,
                owner,
                PRICES,
                "dear",
                self._unix_time,
                beginning_of=begun.beginning_of,
            ),
        )

    def _unix_time(self) -> float:
        return self._now.timestamp()

    def put(self, writes: Any) -> None:
        """Take rows."""
        self.rows += writes

    def tell(self, told: list[facts.Fact]) -> None:
        """Tell facts of one call, a tenth of a second apart."""
        for fact in told:
            for observer in self._observers:
                observer.tell("c1", fact, at=0.0)
            self._now += timedelta(milliseconds=100)


def line(folder: Path) -> dict[str, Any]:
    (only,) = (folder / "calls.jsonl").read_bytes().splitlines()
    record: dict[str, Any] = orjson.loads(only)
    return record


@pytest.mark.parametrize("waits_in_a_file", [False, True])
def test_a_call_that_is_taken_up_again_is_one_call_in_store_and_record(
    tmp_path: Path, engine: Engine, *, waits_in_a_file: bool
) -> None:
    first = Process(tmp_path, 0, BegunCalls(tmp_path))
    first.tell(FIRST)
    if waits_in_a_file:
        Spool(tmp_path / "spool" / "boot.0.1.jsonl").append(first.rows)
    else:
        write(engine, *first.rows)
    begun = BegunCalls(tmp_path / "spool")
    begun.read(engine, ["c1", "another"])
    second = Process(tmp_path, 1, begun)
    second.tell(SECOND)
    write(engine, *second.rows)
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    assert (call["input_tokens"], call["output_tokens"]) == (77, 121)
    assert call["tokens"]["audio_tokens_in"] == 77
    assert call["cost"] == pytest.approx((77 * 32 + 121 * 64) / 1e6 + 0.1)
    assert call["turn_gap_ms"] == 800
    assert call["connect_ms"] == 120
    assert [leg["kind"] for leg in call["legs"]] == ["caller"]
    assert call["legs"][0]["ended_at"] == call["ended_at"]
    record = line(tmp_path)
    assert record == record_of(call)
    assert [turn["said"] for turn in record["turns"]] == ["Good morning.", "Still there?"]
    assert (record["agents"], record["digits"]) == (["Reception", "Billing"], "42")
    assert (record["input_tokens"], record["answer_ms"]) == (77, 400)
    assert record["extra"] == {"resumed": "true"}


def test_a_line_that_has_only_the_second_half_says_so(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    begun = BegunCalls(tmp_path / "spool")
    missing = make_engine(f"sqlite:///{tmp_path}/empty.db")
    begun.read(missing, ["c1"])
    missing.dispose()
    assert "how calls began is not known" in caplog.text
    second = Process(tmp_path, 1, begun)
    second.tell(SECOND)
    write(engine, *second.rows)
    record = line(tmp_path)
    assert record["extra"] == {"resumed": "true", "lacks": "beginning"}
    assert [turn["said"] for turn in record["turns"]] == ["Still there?"]
    assert call_row(engine, "c1").input_tokens == 7
