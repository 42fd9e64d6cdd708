"""What an appliance has stored of its calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sipagent.ops.store.queries import CallQueries


async def calls_in(folder: Path) -> list[dict[str, Any]]:
    """Return the calls of a store, whole, newest first."""
    queries = CallQueries(f"sqlite:///{folder}/sipagent.db")
    await queries.open()
    try:
        page = await queries.page()
        return [await queries.call(call["call_id"]) or {} for call in page.calls]
    finally:
        await queries.close()
