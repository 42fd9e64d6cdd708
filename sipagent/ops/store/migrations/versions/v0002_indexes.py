"""Indexes for what is asked most: calls that failed, and calls that go on, newest first.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_index("calls_by_result", "calls", ["result", "started_at_ms"])
    op.drop_index("calls_open", "calls")
    is_open = sa.text("ended_at_ms IS NULL")
    op.create_index(
        *("calls_open", "calls", ["started_at_ms", "call_id"]),
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
