"""The tables of the store, as ``migrations`` make them.

Times are Unix milliseconds, UTC. What happened in a call has a row in a table of its kind, keyed
by call and moment: two facts of a call never have the same ``at_ms``, so that a row that is written
twice is there once. A turn's is when it began to be heard, and its row grows until it is over.
``calls.changed_at_ms`` is the moment of the last fact in its row, so that an older one that is
written again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, MetaData, Table, Text, text

HEAD = "0004"
"""The migration that makes these tables; see ``migrations/versions``."""

VERSION_TABLE = "store_version"

METADATA = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _maybe(name: str, kind: type[Any] = BigInteger) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _of_calls(name: str, *columns: Column[Any]) -> Table:
    """Return a table with a row for each time something happened in a call."""
    return Table(
        name,
        METADATA,
        Column("call_id", Text, primary_key=True),
        Column("at_ms", BigInteger, primary_key=True),
        *columns,
        _text("more"),  # JSON: what the fact has and no column is for
    )


CALLS = Table(
    "calls",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("started_at_ms", BigInteger, nullable=False),
    _maybe("answered_at_ms"),
    _maybe("ended_at_ms"),
    Column("changed_at_ms", BigInteger, nullable=False),
    _text("box"),
    _text("owner"),  # the process that has the call: see ``owner``
    _text("direction"),
    _text("called"),
    _text("caller"),
    _text("plan"),
    _count("plan_version"),
    _text("plan_sha"),
    _text("agent"),  # who speaks, or spoke last
    _text("result"),
    _text("reason"),
    _text("detail"),
    _count("sip_status"),
    _maybe("answer_ms"),
    _maybe("connect_ms"),
    _count("duration_ms"),
    _maybe("turn_gap_ms"),  # median
    _maybe("mos_in", Double),
    _maybe("mos_out", Double),
    _text("model"),
    _count("input_tokens"),
    _count("output_tokens"),
    _count("text_tokens_in"),
    _count("audio_tokens_in"),
    _count("cached_text_tokens_in"),
    _count("cached_audio_tokens_in"),
    _count("text_tokens_out"),
    _count("audio_tokens_out"),
    _maybe("cost", Double),
    _text("sip_call_id"),
    _text("realtime_call_id"),
    _text("trunk"),
    _text("source_address"),
    _text("asserted_caller"),
    _text("diverted_from"),
    _text("codec"),
    _text("transport"),
    _text("srtp"),
    _text("line"),  # JSON: LineMeasured
    _text("extra"),  # JSON
    _text("keys"),  # JSON: all that routing looked at
)
LEGS = _of_calls(
    "legs",
    _text("kind"),  # caller, callee, peer (who took their place), consult, refer
    _text("sip_call_id"),
    _text("peer"),
    _maybe("ended_at_ms"),
    _text("outcome"),
    _count("status"),
)
TURNS = _of_calls(
    "turns",
    _text("who"),  # the name of an agent, or of nobody: the caller
    _flag("is_caller"),
    _text("item_id"),
    _text("said"),
    _text("heard"),
    _maybe("heard_ms"),
    _flag("interrupted"),
    _maybe("gap_ms"),
    _flag("unfinished"),  # it was being said when this was written; its end was never told
)
TOOL_CALLS = _of_calls(
    "tool_calls",
    _text("tool_call_id"),
    _text("name"),
    _text("arguments"),
    _text("output"),
    _flag("failed"),
    _count("duration_ms"),
)
HANDOFFS = _of_calls("handoffs", _text("from_agent"), _text("to_agent"))
GUARDRAIL_TRIPS = _of_calls(
    "guardrail_trips", _text("guardrail"), _count("held_ms"), _count("heard_ms")
)
TRANSFERS = _of_calls(
    "transfers", _text("target"), _text("mode"), _text("outcome"), _count("status"), _count("ms")
)
DIGITS = _of_calls(
    "digits",
    _text("kind"),  # pressed, sent, asked, collected
    _text("name"),
    _text("shown"),  # what may be shown of them
    _count("digits"),
    _text("outcome"),
)
RECORDINGS = _of_calls(
    "recordings",
    _text("path"),
    _text("sha256"),
    _count("duration_ms"),
    _text("consent"),
    _text("paused"),  # JSON: spans in milliseconds
    _text("error"),
)
UNFINISHED = "was not completed"
"""``recordings.error`` of a file that is being written, or was when its process died."""

NOTES = _of_calls("notes", _text("kind"), _text("content"))  # note or message; JSON
EVENTS = _of_calls("events", _text("fact"), _text("content"))  # JSON: all other facts

LOOKS = Table(
    "looks",
    METADATA,
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
)
"""When the box looked for calls that are too old: see ``seen_days``."""

OF_CALLS: Mapping[str, Table] = {
    table.name: table
    for table in (
        *(LEGS, TURNS, TOOL_CALLS, HANDOFFS, GUARDRAIL_TRIPS),
        *(TRANSFERS, DIGITS, RECORDINGS, NOTES, EVENTS),
    )
}
"""Every table but that of the calls themselves, by name."""

INDEXES = (
    Index("calls_by_start", CALLS.c.started_at_ms, CALLS.c.call_id),
    Index("calls_by_plan", CALLS.c.plan, CALLS.c.started_at_ms),
    Index("calls_by_result", CALLS.c.result, CALLS.c.started_at_ms),
    Index("calls_by_reason", CALLS.c.reason, CALLS.c.started_at_ms),
    Index(
        "calls_open",
        CALLS.c.started_at_ms,
        CALLS.c.call_id,
        sqlite_where=CALLS.c.ended_at_ms.is_(None),
        postgresql_where=CALLS.c.ended_at_ms.is_(None),
    ),
)
