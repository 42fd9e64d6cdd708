"""What is read of the store, on an open connection: lists of calls, whole calls, figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from .call_json import SUMMARY, Json, iso_time, summary, whole_call
from .filters import CallFilter, Cursor
from .tables import CALLS, OF_CALLS, TURNS

DAY_MS = 86_400_000
PAGE = 200
"""Calls that an export reads at a time."""

_LISTED = [CALLS.c[name] for name in (*SUMMARY, "started_at_ms", "answered_at_ms", "ended_at_ms")]


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, newest first."""

    calls: list[Json]
    next: str
    """Cursor of the page after it; ``""``: there is none."""


def read_page(
    connection: Connection, wanted: CallFilter, after: Cursor | None, limit: int
) -> CallPage:
    """Return at most ``limit`` calls as they are in a list."""
    calls = select(*_LISTED).where(wanted.condition())
    if after is not None:
        calls = calls.where(after.condition())
    newest_first = (CALLS.c.started_at_ms.desc(), CALLS.c.call_id.desc())
    rows = connection.execute(calls.order_by(*newest_first).limit(limit + 1)).mappings().all()
    shown = rows[:limit]
    more = Cursor(shown[-1]["started_at_ms"], shown[-1]["call_id"]) if len(rows) > limit else ""
    return CallPage([summary(_plain(row)) for row in shown], str(more))


def read_calls(connection: Connection, call_ids: Sequence[str]) -> list[Json]:
    """Return whole calls, in the order of ``call_ids``; none for what there is not."""
    calls = select(CALLS).where(CALLS.c.call_id.in_(call_ids))
    rows = {row["call_id"]: _plain(row) for row in connection.execute(calls).mappings()}
    of_calls: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for name, table in OF_CALLS.items():
        theirs = select(table).where(table.c.call_id.in_(call_ids)).order_by(table.c.at_ms)
        for row in connection.execute(theirs).mappings():
            of_calls[row["call_id"]][name].append(_plain(row))
    return [whole_call(rows[each], of_calls[each]) for each in call_ids if each in rows]


def read_all(connection: Connection, wanted: CallFilter) -> Iterator[Json]:
    """Yield whole calls, newest first, some at a time."""
    after: Cursor | None = None
    order = (CALLS.c.started_at_ms.desc(), CALLS.c.call_id.desc())
    while True:
        ids = select(CALLS.c.started_at_ms, CALLS.c.call_id).where(wanted.condition())
        if after is not None:
            ids = ids.where(after.condition())
        page = connection.execute(ids.order_by(*order).limit(PAGE)).all()
        yield from read_calls(connection, [row.call_id for row in page])
        connection.rollback()  # whoever writes or vacuums need not wait for the whole export
        if len(page) < PAGE:
            return
        after = Cursor(page[-1].started_at_ms, page[-1].call_id)


def read_figures(connection: Connection, wanted: CallFilter) -> list[Json]:
    """Return figures of each day (UTC) and plan, newest first."""
    day = (CALLS.c.started_at_ms // DAY_MS).label("day")
    answered = func.count(CALLS.c.answered_at_ms)
    results = {
        name: func.count().filter(CALLS.c.result == name) for name in ("completed", "failed")
    }
    sums = select(
        day,
        CALLS.c.plan,
        func.count().label("calls"),
        answered.label("answered"),
        *(total.label(name) for name, total in results.items()),
        *(func.sum(CALLS.c[name]).label(name) for name in _SUMMED),
    )
    sums = sums.where(wanted.condition()).group_by(day, CALLS.c.plan)
    gaps = _median_gaps(connection, wanted)
    rows = connection.execute(sums.order_by(day.desc(), CALLS.c.plan)).mappings()
    return [
        {
            "day": str(iso_time(row["day"] * DAY_MS))[:10],
            "plan": row["plan"],
            **{name: int(row[name]) for name in ("calls", "answered", *results, *_SUMMED[:3])},
            "cost": row["cost"],
            "turn_gap_ms": gaps.get((row["day"], row["plan"])),
        }
        for row in rows
    ]


def _plain(row: Mapping[Any, Any]) -> Json:
    """Return a row whose names are plain ``str``, as JSON wants them."""
    return {str(name): value for name, value in row.items()}


_SUMMED = ("duration_ms", "input_tokens", "output_tokens", "cost")


def _median_gaps(connection: Connection, wanted: CallFilter) -> dict[tuple[int, str], int]:
    day = (CALLS.c.started_at_ms // DAY_MS).label("day")
    gap = TURNS.c.gap_ms
    group = (day, CALLS.c.plan)
    ranked = (
        select(
            *(day, CALLS.c.plan, gap),
            func.row_number().over(partition_by=group, order_by=gap).label("place"),
            func.count().over(partition_by=group).label("count"),
        )
        .join(TURNS, TURNS.c.call_id == CALLS.c.call_id)
        .where(wanted.condition(), gap.is_not(None))
        .subquery()
    )
    middle = ranked.c.place * 2
    medians = (
        select(ranked.c.day, ranked.c.plan, func.avg(ranked.c.gap_ms))
        .where(middle >= ranked.c.count, middle <= ranked.c.count + 2)
        .group_by(ranked.c.day, ranked.c.plan)
    )
    return {(day, plan): round(ms) for day, plan, ms in connection.execute(medians)}
