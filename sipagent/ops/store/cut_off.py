"""Calls whose process died: they ended when it last wrote of them, and the reason says so."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, inspect, select, update

from sipagent.ops.attach_tables import CALLS as ATTACHED

from .call_json import Json
from .reading import read_calls
from .tables import CALLS, OF_CALLS

RESULT, REASON = "failed", "cut_off"
"""As ``calls.termination`` has them."""

DETAIL = "the process of the call ended"
_ACCEPTED = "accepted"
"""State in the journal of a call that the next process takes up again."""


def dead_owners(connection: Connection, box: str, is_alive: Callable[[str], bool]) -> set[str]:
    """Return the processes that are gone and had calls of ``box`` that did not end.

    To be asked before what they left in files is written: what a process that dies in between
    leaves is not, and its calls are not to be judged without it.
    """
    open_calls = select(CALLS.c.owner).where(CALLS.c.box == box, CALLS.c.ended_at_ms.is_(None))
    owners = set(connection.execute(open_calls.distinct()).scalars())
    return {owner for owner in owners if not is_alive(owner)}


def cut_off_calls(
    connection: Connection,
    box: str,
    is_alive: Callable[[str], bool],
    *,
    are_taken_up: bool,
    now_ms: int,
) -> list[Json]:
    """Mark the open calls of ``box`` that nobody has any more; return them, whole.

    Args:
        connection: In a transaction of the caller's.
        box: Ours; what becomes of the calls of others is not ours to say.
        is_alive: Whether an owner still runs.
        are_taken_up: Whether there is a process that goes on with attached calls.
        now_ms: Unix milliseconds.
    """
    is_open = CALLS.c.ended_at_ms.is_(None)
    rows = connection.execute(select(CALLS).where(CALLS.c.box == box, is_open)).all()
    lost = [row for row in rows if not is_alive(row.owner)]
    kept = _kept(connection) if lost and are_taken_up else set()
    marked = []
    for row in lost:
        if row.realtime_call_id in kept:
            continue
        ended_at_ms = _last_ms(connection, row.call_id, row.changed_at_ms)
        talked_ms = ended_at_ms - row.answered_at_ms if row.answered_at_ms is not None else 0
        ended = update(CALLS).where(CALLS.c.call_id == row.call_id, is_open)
        ended = ended.values(
            ended_at_ms=ended_at_ms,
            changed_at_ms=max(now_ms, ended_at_ms + 1),
            result=RESULT,
            reason=REASON,
            detail=DETAIL,
            duration_ms=talked_ms,
        )
        if connection.execute(ended).rowcount:
            marked.append(row.call_id)
    return read_calls(connection, marked)


def _kept(connection: Connection) -> set[str]:
    """Return the ids of the attached calls that are alive at the provider."""
    if not inspect(connection).has_table(ATTACHED.name):
        return set()
    alive = select(ATTACHED.c.realtime_call_id).where(ATTACHED.c.state == _ACCEPTED)
    return {row.realtime_call_id for row in connection.execute(alive)}


def _last_ms(connection: Connection, call_id: str, last_ms: int) -> int:
    """Return the moment of the last that was written of a call."""
    for table in OF_CALLS.values():
        latest = select(func.max(table.c.at_ms)).where(table.c.call_id == call_id)
        last_ms = max(last_ms, connection.execute(latest).scalar() or 0)
    return last_ms
