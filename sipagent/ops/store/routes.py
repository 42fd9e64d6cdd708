"""What the time machine reads of the store: how the last calls were routed, and by what."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, select

from sipagent.dialplan.call_keys import keys_from_json
from sipagent.dialplan.replay import RecordedRoute

from .tables import CALLS

log = logging.getLogger(__name__)


def read_routes(connection: Connection, limit: int) -> list[RecordedRoute]:
    """Return at most ``limit`` incoming calls, newest first; those without keys are left out."""
    wanted = (
        select(CALLS.c.call_id, CALLS.c.plan, CALLS.c["keys"])
        .where(CALLS.c.direction == "incoming", CALLS.c["keys"] != "")
        .order_by(CALLS.c.started_at_ms.desc(), CALLS.c.call_id.desc())
        .limit(limit)
    )
    routes = []
    for row in connection.execute(wanted):
        try:
            routes.append(RecordedRoute(keys_from_json(row[2]), row[1]))
        except ValueError:
            log.warning("call=%s ! its keys cannot be read", row[0])
    return routes
