"""Calls as JSON lines or CSV, one after the other, whatever their number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from .call_json import Json

COLUMNS = (
    *("call_id", "started_at", "answered_at", "ended_at", "direction", "called", "caller"),
    *("asserted_caller", "diverted_from", "trunk", "source_address", "plan", "plan_version"),
    *("agents", "result", "reason", "detail", "sip_status", "answer_ms", "connect_ms"),
    *("duration_ms", "turn_gap_ms", "mos_in", "mos_out", "model", "input_tokens"),
    *("output_tokens", "cost", "digits", "recording", "box", "sip_call_id", "transcript"),
)
"""Of a CSV file; its first line."""

_FORMULA = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of one (OWASP: CSV injection), the full-width signs of
East Asian keyboards among them."""


def json_lines(calls: Iterable[Json]) -> Iterator[bytes]:
    """Yield a line for each call, whole."""
    for call in calls:
        yield orjson.dumps(call) + b"\n"


def csv_lines(calls: Iterable[Json]) -> Iterator[bytes]:
    """Yield the names of the columns, then a record for each call (RFC 4180)."""
    yield _record(COLUMNS)
    for call in calls:
        cells = {
            **call,
            "agents": ", ".join(call["agents"]),
            "recording": call["recording"].get("path", ""),
            "transcript": "\n".join(f"{turn['who']}: {_heard(turn)}" for turn in call["turns"]),
        }
        yield _record(safe_cell(cells[name]) for name in COLUMNS)


def safe_cell(value: Any) -> Any:
    """Return a value that no spreadsheet computes; text that looks like a formula gets a ``'``."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _heard(turn: Json) -> str:
    return str(turn.get("heard", turn["said"]))


def _record(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
