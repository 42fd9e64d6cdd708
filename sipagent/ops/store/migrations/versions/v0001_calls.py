"""The tables of calls.

Revision ID: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false"))


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.Column("answered_at_ms", sa.BigInteger),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.Column("changed_at_ms", sa.BigInteger, nullable=False),
        _text("box"),
        _text("owner"),
        _text("direction"),
        _text("called"),
        _text("caller"),
        _text("plan"),
        _count("plan_version"),
        _text("plan_sha"),
        _text("agent"),
        _text("result"),
        _text("reason"),
        _text("detail"),
        _count("sip_status"),
        sa.Column("answer_ms", sa.BigInteger),
        sa.Column("connect_ms", sa.BigInteger),
        _count("duration_ms"),
        sa.Column("turn_gap_ms", sa.BigInteger),
        sa.Column("mos_in", sa.Double),
        sa.Column("mos_out", sa.Double),
        _text("model"),
        _count("input_tokens"),
        _count("output_tokens"),
        _count("text_tokens_in"),
        _count("audio_tokens_in"),
        _count("cached_text_tokens_in"),
        _count("cached_audio_tokens_in"),
        _count("text_tokens_out"),
        _count("audio_tokens_out"),
        sa.Column("cost", sa.Double),
        _text("sip_call_id"),
        _text("realtime_call_id"),
        _text("trunk"),
        _text("source_address"),
        _text("asserted_caller"),
        _text("diverted_from"),
        _text("codec"),
        _text("transport"),
        _text("srtp"),
        _text("line"),
        _text("extra"),
        _text("keys"),
    )
    op.create_table(
        "legs",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("kind"),
        _text("sip_call_id"),
        _text("peer"),
        sa.Column("ended_at_ms", sa.BigInteger),
        _text("outcome"),
        _count("status"),
        _text("more"),
    )
    op.create_table(
        "turns",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("who"),
        _flag("is_caller"),
        _text("item_id"),
        _text("said"),
        _text("heard"),
        sa.Column("heard_ms", sa.BigInteger),
        _flag("interrupted"),
        sa.Column("gap_ms", sa.BigInteger),
        _text("more"),
    )
    op.create_table(
        "tool_calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("tool_call_id"),
        _text("name"),
        _text("arguments"),
        _text("output"),
        _flag("failed"),
        _count("duration_ms"),
        _text("more"),
    )
    op.create_table(
        "handoffs",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("from_agent"),
        _text("to_agent"),
        _text("more"),
    )
    op.create_table(
        "guardrail_trips",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("guardrail"),
        _count("held_ms"),
        _count("heard_ms"),
        _text("more"),
    )
    op.create_table(
        "transfers",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("target"),
        _text("mode"),
        _text("outcome"),
        _count("status"),
        _count("ms"),
        _text("more"),
    )
    op.create_table(
        "digits",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("kind"),
        _text("name"),
        _text("shown"),
        _count("digits"),
        _text("outcome"),
        _text("more"),
    )
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("path"),
        _text("sha256"),
        _count("duration_ms"),
        _text("consent"),
        _text("paused"),
        _text("error"),
        _text("more"),
    )
    op.create_table(
        "notes",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("kind"),
        _text("content"),
        _text("more"),
    )
    op.create_table(
        "events",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        _text("fact"),
        _text("content"),
        _text("more"),
    )
    op.create_index("calls_by_start", "calls", ["started_at_ms", "call_id"])
    op.create_index("calls_by_plan", "calls", ["plan", "started_at_ms"])
    op.create_index("calls_by_reason", "calls", ["reason", "started_at_ms"])
    is_open = sa.text("ended_at_ms IS NULL")
    op.create_index("calls_open", "calls", ["box"], sqlite_where=is_open, postgresql_where=is_open)
