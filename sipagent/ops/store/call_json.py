"""Rows of the store as JSON, for API, export and the call record. Pure.

A whole call has the keys of the call record (``ops/records.py``) and some more. Moments in it are
``at_ms``: milliseconds since the call began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

from .tables import UNFINISHED

Json: TypeAlias = dict[str, Any]
Row: TypeAlias = Mapping[str, Any]

SUMMARY = (
    *("call_id", "direction", "called", "caller", "trunk", "plan", "plan_version", "plan_sha"),
    *("agent", "result", "reason", "detail", "sip_status", "answer_ms", "connect_ms"),
    *("duration_ms", "turn_gap_ms", "mos_in", "mos_out", "model", "input_tokens"),
    *("output_tokens", "cost", "box"),
)
"""Columns of a call in a list, beside its times."""

_MORE = (
    *("sip_call_id", "realtime_call_id", "source_address", "asserted_caller", "diverted_from"),
    *("codec", "transport", "srtp"),
)
_TOKENS = (
    *("text_tokens_in", "audio_tokens_in", "cached_text_tokens_in", "cached_audio_tokens_in"),
    *("text_tokens_out", "audio_tokens_out"),
)
RECORD_KEYS = (
    *("call_id", "started_at", "direction", "sip_call_id", "realtime_call_id", "called", "caller"),
    *("asserted_caller", "diverted_from", "source_address", "plan", "plan_version", "plan_sha"),
    *("agents", "codec", "transport", "srtp", "callee", "interop", "answer_ms", "connect_ms"),
    *("duration_ms", "result", "reason", "detail", "sip_status", "turns", "tool_calls"),
    *("handoffs", "barge_ins", "blocked", "reconnects", "holds", "transfers", "operator"),
    *("digits", "digits_sent", "collected", "messages", "notes", "errors", "input_tokens"),
    *("output_tokens", "line", "silences", "recording", "extra"),
)
"""Those of the call record, in its order."""


def iso_time(unix_ms: int | None) -> str | None:
    """Return a moment in UTC, as ISO 8601 has it."""
    if unix_ms is None:
        return None
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")


def summary(row: Row) -> Json:
    """Return a call as it is in a list."""
    return {
        **{name: row[name] for name in SUMMARY},
        "started_at": iso_time(row["started_at_ms"]),
        "answered_at": iso_time(row["answered_at_ms"]),
        "ended_at": iso_time(row["ended_at_ms"]),
        "is_open": row["ended_at_ms"] is None,
    }


def whole_call(row: Row, of_call: Mapping[str, Sequence[Row]]) -> Json:
    """Return all that is known of a call.

    Args:
        row: Of ``calls``.
        of_call: Its rows in the other tables, by their names, in order.
    """
    began_ms = row["started_at_ms"]
    shown = {
        table: [_shown(each, began_ms) for each in of_call.get(table, ())]
        for table in ("tool_calls", "transfers", "legs", "recordings")
    }
    recordings = _recordings(shown["recordings"])
    handoffs = of_call.get("handoffs", ())
    digits = of_call.get("digits", ())
    return {
        **summary(row),
        **{name: row[name] for name in _MORE},
        "agents": _agents(row["agent"], handoffs),
        "tokens": {name: row[name] for name in _TOKENS},
        "line": _json(row["line"]),
        "extra": _json(row["extra"]),
        "keys": _json(row["keys"]),
        "turns": [_turn(each, began_ms) for each in of_call.get("turns", ())],
        "tool_calls": shown["tool_calls"],
        "handoffs": [
            {"from": each["from_agent"], "to": each["to_agent"], **_moment(each, began_ms)}
            for each in handoffs
        ],
        "blocked": [
            {name: each[name] for name in ("guardrail", "held_ms", "heard_ms")}
            | _moment(each, began_ms)
            for each in of_call.get("guardrail_trips", ())
        ],
        "transfers": shown["transfers"],
        "digits": _keys(digits, "pressed"),
        "digits_sent": _keys(digits, "sent"),
        "collected": [
            {name: each[name] for name in ("name", "outcome", "digits", "shown")}
            | _moment(each, began_ms)
            for each in digits
            if each["kind"] == "collected"
        ],
        "legs": [{**each, "ended_at": iso_time(each.pop("ended_at_ms"))} for each in shown["legs"]],
        "recordings": recordings,
        "recording": recordings[-1] if recordings else {},
        "messages": _notes(of_call.get("notes", ()), "message", began_ms),
        "notes": _notes(of_call.get("notes", ()), "note", began_ms),
        **_events(of_call.get("events", ()), began_ms),
    }


def record_of(call: Json) -> Json:
    """Return a whole call as its line among the call records."""
    return {key: _without_moment(call[key]) for key in RECORD_KEYS}


def _events(rows: Sequence[Row], began_ms: int) -> Json:
    """Return what has no table of its own, by the names that the call record has for it."""
    told = [(row["fact"], {**_json(row["content"]), **_moment(row, began_ms)}) for row in rows]

    def of(fact: str, *names: str) -> list[Json]:
        contents = [content for name, content in told if name == fact]
        kept = (*names, "at_ms")
        return [{name: each.get(name) for name in kept} for each in contents] if names else contents

    barge_ins = of("BargedIn", "heard_ms", "stop_ms")
    for each in barge_ins:
        if each["stop_ms"] is None:
            del each["stop_ms"]
    silences = [{**each, "silent_ms": None} for each in of("SilenceNamed", "cause", "text")]
    for over in of("SilenceOver"):
        named = [each for each in silences if each["cause"] == over["cause"]]
        if named:
            named[-1]["silent_ms"] = over["silent_ms"]
    callee = [_without(each, "at_ms") for each in of("CalleeDetected")]
    return {
        "interop": [name for each in of("InteropFound") for name in each["names"]],
        "callee": callee[-1] if callee else {},
        "barge_ins": barge_ins,
        "reconnects": of("SessionReplaced"),
        "holds": of("CallResumed"),
        "errors": of("ErrorReported", "code", "message"),
        "silences": silences,
        "operator": of("OperatorActed"),
        "events": [{"fact": fact, **content} for fact, content in told],
    }


def _agents(last: str, handoffs: Sequence[Row]) -> list[str]:
    if handoffs:
        return [handoffs[0]["from_agent"], *(each["to_agent"] for each in handoffs)]
    return [last] if last else []


def _turn(row: Row, began_ms: int) -> Json:
    moment = _moment(row, began_ms)
    if row["unfinished"]:
        moment = {"unfinished": True, **moment}
    if row["is_caller"]:
        return {"who": "caller", "said": row["said"], **moment}
    names = ("who", "said", "heard", "heard_ms", "interrupted", "gap_ms")
    return {**{name: row[name] for name in names}, **moment}


def _recordings(rows: Sequence[Json]) -> list[Json]:
    """Return what is there: what was begun counts as long as nothing came of it."""
    last = len(rows) - 1
    return [
        {**_without(row, "at_ms"), "paused": _json(row["paused"])}
        for number, row in enumerate(rows)
        if number == last or row["error"] != UNFINISHED
    ]


def _notes(rows: Iterable[Row], kind: str, began_ms: int) -> list[Json]:
    wanted = [row for row in rows if row["kind"] == kind]
    return [{**_json(row["content"]), **_moment(row, began_ms)} for row in wanted]


def _keys(rows: Iterable[Row], kind: str) -> str:
    return "".join(row["shown"] for row in rows if row["kind"] == kind)


def _shown(row: Row, began_ms: int) -> Json:
    columns = _without(row, "call_id", "at_ms", "more")
    return {**columns, **_json(row["more"]), **_moment(row, began_ms)}


def _moment(row: Row, began_ms: int) -> Json:
    return {"at_ms": row["at_ms"] - began_ms}


def _without(row: Row, *names: str) -> Json:
    return {name: value for name, value in row.items() if name not in names}


def _without_moment(value: Any) -> Any:
    """Return a value of a call without what the call record does not have of it."""
    if isinstance(value, list):
        return [_without_moment(each) for each in value]
    return _without(value, "at_ms", "gap_ms") if isinstance(value, dict) else value


def _json(text: str) -> Any:
    """Return what a column of JSON has; nothing was ever written: an empty object."""
    return orjson.loads(text) if text else {}
