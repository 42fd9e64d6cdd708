"""Facts of a call, as rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.dialplan.call_keys import CallKeys, keys_from_json
from sipagent.ops.records import CallRecord
from sipagent.ops.store.call_json import RECORD_KEYS, record_of
from sipagent.ops.store.call_rows import CallRows
from sipagent.ops.store.costs import Price
from sipagent.ops.store.reading import read_calls
from tests.ops.script import CALL
from tests.ops.test_records import RECORD

from .stores import BEGAN_MS, OWNER, call_row, rows_of, until_last, write

RECORDING: dict[str, Any] = dict(RECORD["recording"])  # type: ignore[call-overload]


def rows(**prices: Price) -> CallRows:
    return CallRows("c1", OWNER, prices, "gpt-realtime", now_ms=BEGAN_MS)


def test_what_the_store_has_of_a_call_is_its_record(engine: Engine) -> None:
    write(engine, *rows_of("c1"))
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    assert record_of(call) == {
        **RECORD,
        "started_at": "2030-03-17T17:46:40.000+00:00",
        "recording": {**RECORDING, "paused": [[100, 200]]},
    }


def test_the_record_has_the_same_keys_whoever_makes_it() -> None:
    assert list(RECORD_KEYS) == [*CallRecord.__dataclass_fields__]


def test_a_call_in_the_store_has_its_moments_legs_and_tokens(engine: Engine) -> None:
    write(engine, *rows_of("c1"))
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    began = (facts.AgentSoundStarted, facts.CallerSpeechStarted)
    moments = [index * 100 for index, each in enumerate(CALL) if isinstance(each, began)]
    assert [turn["at_ms"] for turn in call["turns"]] == moments
    assert [turn.get("gap_ms") for turn in call["turns"]] == [None, None, 700]
    keys = ("kind", "peer", "outcome", "sip_call_id")
    assert [tuple(leg[key] for key in keys) for leg in call["legs"]] == [
        ("caller", "+4930123456", "", "sip-1"),
        ("peer", "+4930123456", "", "sip-2"),
        ("consult", "desk", "busy", "sip-3"),
    ]
    assert all(leg["ended_at"] for leg in call["legs"])
    assert call["turn_gap_ms"] == 700
    assert call["is_open"] is False
    assert call["answered_at"] == "2030-03-17T17:46:40.400+00:00"


def test_a_transfer_that_never_began_changes_nothing_of_the_one_before() -> None:
    call = rows()
    told: list[facts.Fact] = [
        facts.TransferStarted("desk", "blind"),
        facts.TransferEnded("desk", "blind", "busy", 486, 900),
        facts.TransferEnded("boss", "blind", "not_approved", 0, 0),
    ]
    writes = [each for fact in told for each in call.take(fact, now_ms=BEGAN_MS)]
    legs = [each.values.get("outcome") for each in writes if each.table == "legs"]
    assert legs == [None, "busy"]
    wished = [each.values["outcome"] for each in writes if each.table == "transfers"]
    assert wished == ["busy", "not_approved"]


def test_two_facts_of_one_moment_have_rows_of_their_own() -> None:
    call = rows()
    told: list[facts.Fact] = [facts.DigitPressed("1"), facts.DigitPressed("2")]
    writes = [each for fact in told for each in call.take(fact, now_ms=BEGAN_MS)]
    moments = [each.values["at_ms"] for each in writes if each.table == "digits"]
    assert moments == [BEGAN_MS, BEGAN_MS + 1]


def test_a_fact_of_tomorrow_is_kept_as_an_event() -> None:
    call = rows()
    call.take(CALL[0], now_ms=BEGAN_MS)
    (kept,) = call.take(facts.CallHeld(), now_ms=BEGAN_MS + 1)
    assert kept.table == "events"
    assert kept.values["fact"] == "CallHeld"


def test_tokens_are_priced_by_their_kind_and_the_model_of_the_plan() -> None:
    price = Price(text_in=4.0, cached_text_in=0.4, audio_in=32.0, text_out=16.0, audio_out=64.0)
    call = rows(cheap=Price(), dear=price)
    call.take(facts.SessionOpened(1, "dear"), now_ms=BEGAN_MS)
    used = facts.UsageReported(
        *(3_000_000, 2_000_000),
        text_tokens_in=1_000_000,
        cached_text_tokens_in=1_000_000,
        cached_audio_tokens_in=1_000_000,
        text_tokens_out=1_000_000,
        audio_tokens_out=1_000_000,
    )
    (first,) = call.take(used, now_ms=BEGAN_MS + 1)
    assert first.values["cost"] == pytest.approx(4.0 + 0.4 + 32.0 + 16.0 + 64.0)
    (second,) = call.take(used, now_ms=BEGAN_MS + 2)
    assert second.values["cost"] == pytest.approx(2 * first.values["cost"])
    assert second.values["audio_tokens_out"] == 2_000_000


def test_a_model_without_a_price_has_no_cost_and_one_paid_by_time_has() -> None:
    used, ended = facts.UsageReported(1, 1), facts.CallEnded(_END, 90_000)
    by_time = {"gpt-realtime": Price(per_minute=0.2)}
    known: list[tuple[dict[str, Price], float | None]] = [({}, None), (by_time, 0.3)]
    for prices, cost in known:
        call = CallRows("c1", OWNER, prices, "gpt-realtime", now_ms=BEGAN_MS)
        call.take(used, now_ms=BEGAN_MS)
        (last,) = call.take(ended, now_ms=BEGAN_MS + 1)
        assert last.values.get("cost") == cost


_END = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


def test_a_call_that_is_taken_up_again_keeps_its_beginning(engine: Engine) -> None:
    write(engine, *rows_of("c1", until_last(facts.AgentSaid, CALL[:12])))
    again: list[facts.Fact] = [
        facts.CallRouted("desk", "Reception"),
        facts.CallerSaid("x", "Still there?"),
    ]
    later = {"box": "here", "owner": "boot.9.9"}
    write(engine, *rows_of("c1", again, began_ms=BEGAN_MS + 60_000, owner=later))
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    assert call["started_at"] == "2030-03-17T17:46:40.000+00:00"
    assert [turn["said"] for turn in call["turns"]] == ["Good morning.", "Still there?"]
    assert call["is_open"] is True


def test_what_routing_looked_at_can_be_asked_about_again(engine: Engine) -> None:
    said = (("X-Room", "7"), ("X-Room", "\ud800"))
    keys = CallKeys("desk", "+4930123", said, trunk="home", at_s=1.5)
    offered = facts.CallOffered("incoming", "s", "desk", "+4930123", keys=keys)
    write(engine, *rows_of("c1", [offered]))
    row = call_row(engine, "c1")
    headers = (("X-Room", "7"), ("X-Room", "?"))
    assert keys_from_json(row.keys) == replace(keys, headers=headers)
    assert row.trunk == "home"
