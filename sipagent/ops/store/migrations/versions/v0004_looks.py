"""When the box looked for calls that are too old.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "looks", sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False)
    )
