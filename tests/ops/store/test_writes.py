"""Writes: again, out of order, with values that databases do not like."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.ops.store.reading import read_calls
from sipagent.ops.store.writes import json_text, read_line, write_line
from tests.ops.script import CALL

from .stores import call_row, counts, rows_of, write


def test_writes_that_come_twice_change_nothing(engine: Engine) -> None:
    writes = rows_of("c1")
    write(engine, *writes)
    before, row = counts(engine), call_row(engine, "c1")
    write(engine, *writes)
    write(engine, *writes[3:])
    assert counts(engine) == before
    assert call_row(engine, "c1") == row


def test_an_older_write_of_a_call_changes_nothing(engine: Engine) -> None:
    writes = rows_of("c1")
    write(engine, *writes)
    row = call_row(engine, "c1")
    older = [each for each in writes if each.table == "calls"]
    random.Random(1).shuffle(older)
    write(engine, *older)
    assert call_row(engine, "c1") == row


def test_a_line_of_a_spool_is_the_write_that_made_it() -> None:
    for each in rows_of("c1"):
        assert read_line(write_line(each)) == each


@pytest.mark.parametrize(
    "line", [b"", b'["turns", {"call', b"[]", b"3", b'["sqlite_master", {}]', b"\xff"]
)
def test_a_line_that_a_crash_cut_off_is_none(line: bytes) -> None:
    assert read_line(line) is None


def test_text_of_callers_is_kept_as_far_as_databases_can(engine: Engine) -> None:
    said = "'); DROP TABLE calls; --\x00 \ud800 \U0001f600"
    offered = facts.CallOffered("incoming", "s\x00", "a", "b")
    told: list[facts.Fact] = [
        offered,
        facts.CallerSaid("i", said),
        facts.ErrorReported("c", "\ud800"),
    ]
    writes = rows_of("c1", told)
    again = [read_line(write_line(each)) for each in writes]
    write(engine, *(each for each in again if each is not None))
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    assert call["turns"][0]["said"] == "'); DROP TABLE calls; -- ? \U0001f600"
    assert call["sip_call_id"] == "s"
    assert call["errors"] == [{"code": "c", "message": "?", "at_ms": 200}]


def test_what_is_no_json_is_text_all_the_same() -> None:
    assert json_text({"n": 2**70, "path": CALL}) != ""
