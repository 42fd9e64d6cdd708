"""Turns that are written while they are being said.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for them."""
    op.add_column(
        "turns",
        sa.Column("unfinished", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
