"""What Alembic runs for each command: on the connection that ``migrating`` holds."""

from __future__ import annotations

from alembic import context

from sipagent.ops.store.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
