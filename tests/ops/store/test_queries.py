"""Asking for calls: lists, one whole, figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.errors import JournalError
from sipagent.ops.store import queries as queries_module
from sipagent.ops.store import query_limit
from sipagent.ops.store.filters import CallFilter
from sipagent.ops.store.queries import CallQueries

from .stores import BEGAN_MS, rows_of, write

DAY_MS = 86_400_000
CALLS = 30


def a_call(number: int) -> list[facts.Fact]:
    plan, said = ("day", "Hello 100%") if number % 2 else ("night", "Good Evening_")
    end = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
    return [
        facts.CallOffered("incoming", f"sip-{number}", "+49301110", f"+49170{number:04}"),
        facts.CallRouted(plan, "Ada"),
        facts.CallAnswered(100),
        facts.AgentSoundStarted("a", "Ada", number * 10),
        facts.AgentSaid("a", "Ada", said, said, 500, False),
        facts.CallEnded(end, 1_000),
    ]


@pytest.fixture
def calls(engine: Engine) -> None:
    """Write calls, three at each moment, ten a day."""
    for number in range(CALLS):
        began_ms = BEGAN_MS + number // 10 * DAY_MS + number % 10 // 3 * 1_000
        write(engine, *rows_of(f"c{number:02}", a_call(number), began_ms=began_ms))


@asynccontextmanager
async def asked(url: str) -> AsyncIterator[CallQueries]:
    queries = CallQueries(url)
    await queries.open()
    try:
        yield queries
    finally:
        await queries.close()


async def listed(queries: CallQueries, **wanted: object) -> list[str]:
    page = await queries.page(CallFilter(**wanted))  # type: ignore[arg-type]
    return [call["call_id"] for call in page.calls]


@pytest.mark.usefixtures("calls")
async def test_pages_have_every_call_once_newest_first(url: str, engine: Engine) -> None:
    async with asked(url) as queries:
        seen, after = [], ""
        while True:
            page = await queries.page(after=after, limit=7)
            seen += [call["call_id"] for call in page.calls]
            new = rows_of(f"new{len(seen)}", a_call(1), began_ms=BEGAN_MS + 9 * DAY_MS)
            write(engine, *new)  # one that begins meanwhile
            if not (after := page.next):
                break
        assert len(seen) == len(set(seen)) == CALLS
        assert sorted(seen, reverse=True) == seen


@pytest.mark.usefixtures("calls")
async def test_calls_are_found_by_what_is_known_of_them(url: str) -> None:
    async with asked(url) as queries:
        assert len(await listed(queries, plan="day")) == CALLS / 2
        assert await listed(queries, number="700007") == ["c07"]
        assert await listed(queries, number="%") == []
        assert len(await listed(queries, text="good evening")) == CALLS / 2
        assert len(await listed(queries, text="100%")) == CALLS / 2
        assert await listed(queries, text="g_o") == []
        assert await listed(queries, reason="no_route") == []
        assert await listed(queries, is_open=True) == []
        second_day = {"since_ms": BEGAN_MS + DAY_MS, "until_ms": BEGAN_MS + 2 * DAY_MS}
        assert len(await listed(queries, **second_day)) == 10
        assert len(await listed(queries, **second_day, plan="day", result="completed")) == 5


@pytest.mark.usefixtures("calls")
async def test_one_call_is_whole_and_one_that_is_not_there_is_none(url: str) -> None:
    async with asked(url) as queries:
        call = await queries.call("c03")
        assert call is not None
        assert call["turns"][0]["said"] == "Hello 100%"
        assert await queries.call("c99") is None


@pytest.mark.usefixtures("calls")
async def test_figures_are_by_day_and_plan_with_the_median_of_gaps(url: str) -> None:
    async with asked(url) as queries:
        figures = await queries.figures()
        assert [(each["day"], each["plan"], each["calls"]) for each in figures] == [
            ("2030-03-19", "day", 5),
            ("2030-03-19", "night", 5),
            ("2030-03-18", "day", 5),
            ("2030-03-18", "night", 5),
            ("2030-03-17", "day", 5),
            ("2030-03-17", "night", 5),
        ]
        assert [each["turn_gap_ms"] for each in figures] == [250, 240, 150, 140, 50, 40]
        assert {each["completed"] for each in figures} == {5}
        (one,) = await queries.figures(CallFilter(number="700000"))
        assert (one["calls"], one["turn_gap_ms"], one["cost"]) == (1, 0, None)


@pytest.mark.parametrize("after", ["nonsense", "1", ".", "1.", "x.y", "²³.a", "9" * 30 + ".a"])
async def test_a_cursor_that_is_none_is_refused(url: str, after: str) -> None:
    async with asked(url) as queries:
        with pytest.raises(ValueError, match="no place"):
            await queries.page(after=after)


async def test_a_database_without_tables_is_told(url: str) -> None:
    async with asked(url) as queries:
        with pytest.raises(JournalError, match="no such table"):
            await queries.page()


async def test_what_takes_too_long_is_given_up_and_the_next_question_is_answered(
    url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        write(engine, *rows_of(f"c{number}"))
    async with asked(url) as queries:
        monkeypatch.setattr(queries_module, "LIMIT_S", -1.0)
        monkeypatch.setattr(query_limit, "_STEPS", 10)
        with pytest.raises(JournalError, match="took longer than"):
            await queries.page(CallFilter(text="nobody said this"))
        monkeypatch.setattr(queries_module, "LIMIT_S", 20.0)
        assert len((await queries.page(limit=5)).calls) == 5
