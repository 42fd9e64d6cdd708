"""The timeline: every fact, as it happens."""

from pathlib import Path

import orjson

from sipagent.ops.timeline import TimelineWriter

from .script import CALL, tell_all


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_every_fact_is_a_line_with_call_time_and_name(tmp_path: Path) -> None:
    path = tmp_path / "new" / "timeline.jsonl"
    tell_all(TimelineWriter(path), "c1", CALL, at=5.0)
    written = lines(path)
    assert [line["fact"] for line in written] == [type(fact).__name__ for fact in CALL]
    assert {line["call_id"] for line in written} == {"c1"}
    assert [line["at"] for line in written[:3]] == [5.0, 5.1, 5.2]


def test_a_fact_is_written_with_all_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "timeline.jsonl"
    tell_all(TimelineWriter(path), "c1", CALL)
    written = {str(line["fact"]): line for line in lines(path)}
    assert written["BargedIn"] | {"at": 0} == {
        "call_id": "c1",
        "at": 0,
        "fact": "BargedIn",
        "item_id": "b",
        "heard_ms": 300,
        "stop_ms": 20,
    }
    assert written["CallEnded"]["termination"] == {
        "result": "completed",
        "reason": "caller_hung_up",
        "detail": "bye",
        "sip_status": 200,
    }


def test_a_fact_is_there_before_the_next_one_happens(tmp_path: Path) -> None:
    path = tmp_path / "timeline.jsonl"
    writer = TimelineWriter(path)
    for count, fact in enumerate(CALL, start=1):
        writer.tell("c1", fact, at=0.0)
        assert len(lines(path)) == count


def test_a_full_disk_stops_nothing() -> None:
    tell_all(TimelineWriter(Path("/dev/full")), "c1", CALL)
