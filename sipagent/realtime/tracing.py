"""What is to be said of tracing, once the endpoint has said ``session.created``?

Traces are kept by the endpoint, and cannot be changed once a session has them. They have an update
of their own: refused, it takes nothing else with it. Pure.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .options import SessionOptions

log = logging.getLogger(__name__)


def tracing_update(options: SessionOptions, created: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the session of a ``session.update`` that asks for tracing, or None for no update.

    Args:
        options: Of the session.
        created: The session of ``session.created``.
    """
    present = created.get("tracing")
    if options.tracing_disabled:
        if present is not None:
            log.warning("! the endpoint traces this session, although tracing is disabled")
        return None
    wanted = _wanted(options)
    if present is not None:
        if present != wanted:
            log.warning("! the endpoint traces this session in its own way, which cannot change")
        return None
    return {"type": "realtime", "tracing": wanted}


def _wanted(options: SessionOptions) -> dict[str, Any] | str:
    details = {"group_id": options.group_id, "metadata": options.trace_metadata}
    given = {key: value for key, value in details.items() if value is not None}
    if options.workflow_name is not None:
        return {"workflow_name": options.workflow_name, **given}
    if given:
        log.warning("! tracing without a workflow_name ignores group_id and trace_metadata")
    return "auto"
