"""The tables of attached calls."""

from __future__ import annotations

from sqlalchemy import Column, Double, Executable, Index, MetaData, Table, Text
from sqlalchemy.schema import CreateIndex, CreateTable

_METADATA = MetaData()

WEBHOOKS = Table(
    "webhooks",
    _METADATA,
    Column("webhook_id", Text, primary_key=True),
    Column("realtime_call_id", Text, nullable=False),
    Column("received_at", Double, nullable=False),
)
CALLS = Table(
    "attached_calls",
    _METADATA,
    Column("realtime_call_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("sip_headers", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("history", Text, nullable=False),
)
BY_STATE = Index("attached_calls_by_state", CALLS.c.state, CALLS.c.received_at)

MAKINGS: tuple[Executable, ...] = (
    CreateTable(WEBHOOKS, if_not_exists=True),
    CreateTable(CALLS, if_not_exists=True),
    CreateIndex(BY_STATE, if_not_exists=True),
)
