"""Calls whose process died."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.calls.journal import AttachedState
from sipagent.calls.termination import Reason, Result
from sipagent.ops import metrics
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.store import cut_off, cut_off_count
from sipagent.ops.store.call_json import Json, iso_time
from sipagent.wire.webhook import IncomingCall

from .stores import APART_MS, BEGAN_MS, call_row, rows_of, until_last, write

GOING_ON = until_last(facts.AgentSaid)
LAST_MS = (len(GOING_ON) - 1) * APART_MS


def marked(
    engine: Engine, *alive: str, box: str = "here", are_taken_up: bool = False
) -> list[Json]:
    with engine.begin() as connection:
        return cut_off.cut_off_calls(
            *(connection, box, lambda owner: owner in alive),
            are_taken_up=are_taken_up,
            now_ms=BEGAN_MS + 60_000,
        )


def test_its_words_are_those_of_any_end() -> None:
    assert Result.FAILED == cut_off.RESULT
    assert Reason.CUT_OFF == cut_off.REASON
    assert AttachedState.ACCEPTED == cut_off._ACCEPTED
    (calls,) = metrics.CALLS.describe()
    assert calls.name == "sipagent_calls"
    assert calls.documentation == cut_off_count._HELP
    assert list(metrics.CALLS._labelnames) == cut_off_count._LABELS
    assert metrics.NO_PLAN == cut_off_count._NO_PLAN


def test_a_call_of_a_dead_process_ended_with_the_last_that_was_written(engine: Engine) -> None:
    write(engine, *rows_of("c1", GOING_ON))
    (call,) = marked(engine)
    assert (call["result"], call["reason"]) == ("failed", "cut_off")
    assert call["ended_at"] == iso_time(BEGAN_MS + LAST_MS)
    assert call["duration_ms"] == LAST_MS - 400
    assert [turn["said"] for turn in call["turns"]][-1] == "one two three"
    assert marked(engine) == []


def test_what_was_recorded_of_it_is_on_record(engine: Engine) -> None:
    begun = facts.RecordingStarted("rec/c.wav.part", "announced")
    write(engine, *rows_of("c1", [*GOING_ON, begun]))
    (call,) = marked(engine)
    assert call["recording"] == {
        "path": "rec/c.wav.part",
        "consent": "announced",
        "duration_ms": 0,
        "sha256": "",
        "paused": [],
        "error": "was not completed",
    }
    done = facts.CallRecorded("rec/c.wav", "announced", 900, "ab12")
    write(engine, *rows_of("c2", [*GOING_ON, begun, done]))
    (call,) = marked(engine)
    assert (call["recording"]["path"], call["recording"]["error"]) == ("rec/c.wav", "")
    assert call["recordings"] == [call["recording"]]


def test_calls_that_ended_live_or_are_of_another_box_are_left_alone(engine: Engine) -> None:
    write(engine, *rows_of("over"))
    write(engine, *rows_of("lives", GOING_ON))
    elsewhere = {"box": "there", "owner": "boot.1.2"}
    write(engine, *rows_of("theirs", GOING_ON, owner=elsewhere))
    before = [call_row(engine, each) for each in ("over", "lives", "theirs")]
    assert marked(engine, "boot.1.2") == []
    assert [call["call_id"] for call in marked(engine, box="there")] == ["theirs"]
    assert [call_row(engine, each) for each in ("over", "lives")] == before[:2]


def test_what_is_written_late_of_a_call_that_was_cut_off_does_not_open_it(engine: Engine) -> None:
    write(engine, *rows_of("c1", GOING_ON))
    marked(engine)
    write(engine, *rows_of("c1", GOING_ON))
    assert call_row(engine, "c1").reason == "cut_off"


@pytest.mark.parametrize("are_taken_up", [True, False])
async def test_an_attached_call_is_not_cut_off_while_somebody_goes_on_with_it(
    engine: Engine, url: str, are_taken_up: bool, tmp_path: Path
) -> None:
    offered = facts.CallOffered("incoming", "s", "a", "b", realtime_call_id="rtc_1")
    write(engine, *rows_of("c1", [offered]))
    assert list(tmp_path.iterdir())
    journal = AttachStore(url)
    await journal.open()
    await journal.add_webhook("wh_1", IncomingCall("evt_1", 1, "rtc_1", ()), received_at=1.0)
    await journal.accepted("rtc_1", call_id="c1", plan="desk")
    cut = marked(engine, are_taken_up=are_taken_up)
    assert [call["call_id"] for call in cut] == ([] if are_taken_up else ["c1"])
    await journal.ended("rtc_1")
    await journal.close()
    cut += marked(engine, are_taken_up=True)
    assert [call["call_id"] for call in cut] == ["c1"]
