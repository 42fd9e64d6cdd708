"""The call record: one line a call, made of its facts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.records import CallRecord, RecordWriter

from .conftest import Value
from .script import CALL, CALLED, CALLER, tell_all

BEGAN = datetime(2030, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
RECORD = {
    "call_id": "c1",
    "started_at": "2030-01-02T03:04:05.678+00:00",
    "direction": "incoming",
    "sip_call_id": "sip-1",
    "realtime_call_id": "",
    "called": CALLED,
    "caller": CALLER,
    "asserted_caller": "+493099",
    "diverted_from": "+4930555",
    "source_address": "192.0.2.1:5060",
    "plan": "desk",
    "plan_version": 7,
    "plan_sha": "9c1061595d2e",
    "agents": ["Reception", "Billing"],
    "codec": "PCMU",
    "transport": "tls",
    "srtp": "SDES",
    "callee": {"kind": "machine", "greeting_ms": 2_800, "beep_ms": 5_000},
    "interop": ["no_rport"],
    "answer_ms": 400,
    "connect_ms": 120,
    "duration_ms": 30_000,
    "result": "completed",
    "reason": "caller_hung_up",
    "detail": "bye",
    "sip_status": 200,
    "turns": [
        {
            "who": "Reception",
            "said": "Good morning.",
            "heard": "Good morning.",
            "heard_ms": 900,
            "interrupted": False,
        },
        {"who": "caller", "said": f"My number is {CALLER}."},
        {
            "who": "Billing",
            "said": "one two three",
            "heard": "one",
            "heard_ms": 300,
            "interrupted": True,
        },
    ],
    "tool_calls": [
        {
            "tool_call_id": "t1",
            "name": "lookup",
            "arguments": f'{{"number":"{CALLER}"}}',
            "output": "found",
            "failed": False,
            "duration_ms": 250,
        }
    ],
    "handoffs": [{"from": "Reception", "to": "Billing"}],
    "barge_ins": [{"heard_ms": 300, "stop_ms": 20}],
    "holds": [{"held_ms": 4_000}],
    "blocked": [{"guardrail": "prices", "heard_ms": 60, "held_ms": 800}],
    "reconnects": [{"reason": "lost", "outage_ms": 420}],
    "transfers": [
        {
            "target": "desk",
            "mode": "attended",
            "outcome": "busy",
            "status": 486,
            "ms": 9_000,
            "briefed_by": "",
        }
    ],
    "operator": [{"act": "say", "by": "duty", "what": {"text": "One moment."}}],
    "digits": "42",
    "digits_sent": "1#",
    "collected": [{"name": "card", "outcome": "collected", "digits": 16, "shown": "1111"}],
    "messages": [{"agent": "Billing", "name": "Ada", "number": "", "text": "Call back."}],
    "notes": [{"agent": "Billing", "text": "In a hurry."}],
    "errors": [{"code": "server_error", "message": "try again"}],
    "input_tokens": 77,
    "output_tokens": 121,
    "line": {
        "packets_in": 50,
        "packets_out": 60,
        "lost_in": 1,
        "lost_out": 2,
        "discarded_in": 0,
        "jitter_ms": 4.0,
        "jitter_buffer_ms": 0,
        "rtt_ms": 20.0,
        "mos_in": 4.3,
        "mos_out": 4.1,
        "level_in_dbov": None,
        "level_out_dbov": None,
        "clipped_in_percent": 0.0,
        "frames_starved": 3,
        "frames_dropped": 5,
    },
    "silences": [
        {"cause": "no_rtp", "text": "no RTP arrives", "silent_ms": 3_400},
        {"cause": "agent_silent", "text": "it says nothing", "silent_ms": None},
    ],
    "recording": {
        "path": "x.wav",
        "consent": "announced",
        "duration_ms": 29_000,
        "sha256": "ab12",
        "paused": [[100, 200]],
        "error": "",
    },
    "extra": {},
}


def written(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_a_call_becomes_one_line_with_everything_that_happened(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    tell_all(RecordWriter(path, lambda: BEGAN), "c1", CALL)
    assert written(path) == [RECORD]


def test_nothing_is_written_before_the_call_ends(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    writer = RecordWriter(path, lambda: BEGAN)
    tell_all(writer, "c1", CALL[:-1])
    assert not path.exists()
    tell_all(writer, "c1", CALL[-1:])
    assert len(written(path)) == 1


def test_a_call_nobody_took_has_a_record_too(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    offered = facts.CallOffered("incoming", "sip-2", "nobody", CALLER)
    refused = facts.CallEnded(Termination(Result.REFUSED, Reason.NO_ROUTE, "", 404), 0)
    tell_all(RecordWriter(path, lambda: BEGAN), "c2", [offered, refused])
    (record,) = written(path)
    assert (record["result"], record["reason"], record["sip_status"]) == (
        "refused",
        "no_route",
        404,
    )
    assert (record["plan"], record["answer_ms"], record["turns"]) == ("", None, [])


def test_a_call_the_provider_answered_has_its_id_and_nothing_of_what_nobody_knows() -> None:
    record = CallRecord("c1", "now")
    record.take(facts.CallOffered("incoming", "sip-1", CALLED, CALLER, realtime_call_id="rtc_1"))
    record.take(facts.BargedIn("a", 300, None))
    assert record.realtime_call_id == "rtc_1"
    assert record.barge_ins == [{"heard_ms": 300}]


def test_calls_at_once_keep_to_their_own_records(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    writer = RecordWriter(path, lambda: BEGAN)
    for first, second in zip(CALL, CALL, strict=True):
        writer.tell("c1", first, at=0.0)
        writer.tell("c2", second, at=0.0)
    assert written(path) == [RECORD, RECORD | {"call_id": "c2"}]


def test_nothing_of_a_call_is_kept_when_it_is_over(tmp_path: Path) -> None:
    writer: Any = RecordWriter(tmp_path / "calls.jsonl", lambda: BEGAN)
    tell_all(writer, "c1", CALL)
    assert writer._records == {}


def test_a_full_disk_loses_the_record_and_nothing_else(grown: Value) -> None:
    writer: Any = RecordWriter(Path("/dev/full"), lambda: BEGAN)
    tell_all(writer, "c1", CALL)
    assert grown("sipagent_records_lost_total") == 1
    assert writer._records == {}


def test_facts_that_are_for_the_timeline_alone_change_no_record() -> None:
    record = CallRecord("c1", "now")
    for fact in (
        facts.CallerSpeechStarted("c"),
        facts.CallerSpeechStopped("c"),
        facts.AgentSoundStarted("a", "A", 1),
        facts.TruncateConfirmed("a", 1),
    ):
        record.take(fact)
    assert record == CallRecord("c1", "now")


def test_a_call_refused_by_its_plan_had_no_agent() -> None:
    record = CallRecord("c1", "")
    record.take(facts.CallRouted("closed", ""))
    assert (record.plan, record.agents) == ("closed", [])
