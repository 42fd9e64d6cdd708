"""Conversations in a database: what they keep, for whom, and what they say when they cannot."""

from __future__ import annotations

import sqlite3
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.session import ConversationSession
from sipagent.errors import ConfigError, JournalError, RunStateError
from sipagent.ops.session_store import SessionStore
from tests.agents.backend.scripted_model import Provider, ScriptedModel, message

from .programs import line, program
from .session_processes import ROUNDS

ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": "Zoë 😀 \x00"},
    {"type": "reasoning", "id": "rs_1", "summary": []},
    {"type": "message", "n": 1.5, "content": [{"text": "a"}]},
]


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/sessions.db"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SessionStore]:
    store = SessionStore(url_of(folder))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SessionStore]:
    async with opened(tmp_path) as store:
        yield store


def process(what: str, folder: Path) -> AbstractAsyncContextManager[Process]:
    """Run one of the programs of ``session_processes``."""
    return program("session_processes", what, url_of(folder))


def tell(running: Process, text: str) -> None:
    assert running.stdin is not None
    running.stdin.write(f"{text}\n".encode())


def numbers(*values: int) -> list[dict[str, Any]]:
    return [{"id": value} for value in values]


async def test_a_session_keeps_all_items_in_order(store: SessionStore) -> None:
    session: ConversationSession = store.session("s")
    assert await session.items() == []
    await session.add(ITEMS)
    await session.add(numbers(1))
    assert await session.items() == [*ITEMS, *numbers(1)]


async def test_a_session_returns_the_latest_items_oldest_first(store: SessionStore) -> None:
    session = store.session("s")
    await session.add(numbers(1, 2))
    await session.add([])
    await session.add(numbers(3, 4, 5))
    for limit, expected in {0: (), 2: (4, 5), 4: (2, 3, 4, 5), 9: (1, 2, 3, 4, 5)}.items():
        assert await session.items(limit) == numbers(*expected)


async def test_the_latest_item_is_taken_away_until_there_is_none(store: SessionStore) -> None:
    session = store.session("s")
    await session.add(numbers(1))
    await session.add(numbers(2, 3))
    await session.add([])
    assert [await session.pop() for _ in range(2)] == numbers(3, 2)
    assert await session.items() == numbers(1)
    await session.add(numbers(4))
    assert [await session.pop() for _ in range(3)] == [*numbers(4, 1), None]


async def test_sessions_know_nothing_of_each_other(store: SessionStore) -> None:
    one, two = store.session("one"), store.session("two")
    await one.add(numbers(1))
    await two.add(numbers(2))
    assert (await one.items(), await two.items()) == (numbers(1), numbers(2))
    await two.clear()
    assert (await one.items(), await two.items()) == (numbers(1), [])
    assert await two.pop() is None


async def test_a_session_without_a_name_is_refused(store: SessionStore) -> None:
    with pytest.raises(ConfigError, match="needs an id"):
        store.session("")


async def test_a_session_is_all_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.session("s").add(ITEMS)
    async with opened(tmp_path) as store:
        assert await store.session("s").items() == ITEMS


async def test_what_was_added_outlives_a_kill(tmp_path: Path) -> None:
    async with process("hold", tmp_path) as running:
        assert await line(running) == "written"
        running.kill()
        await running.wait()
    async with opened(tmp_path) as store:
        assert await store.session("s").items() == [{"id": "1"}, {"id": "2"}]


async def test_processes_mix_nothing_and_take_each_item_once(
    tmp_path: Path, store: SessionStore
) -> None:
    async with process("race", tmp_path) as one, process("race", tmp_path) as two:
        for running, name in ((one, "a"), (two, "b")):
            assert await line(running) == "ready"
            tell(running, name)
        assert [await line(running) for running in (one, two)] == ["added"] * 2
        items = await store.session("s").items()
        assert [item["id"] for item in items[::2]] == [item["id"] for item in items[1::2]]
        assert [item["half"] for item in items] == [0, 1] * (2 * ROUNDS)
        for running in (one, two):
            tell(running, "pop")
        assert sum([int(await line(running)) for running in (one, two)]) == 4 * ROUNDS


async def test_an_item_that_somebody_else_took_first_is_not_taken_again(
    tmp_path: Path, store: SessionStore
) -> None:
    session = store.session("s")
    await session.add(numbers(1, 2))
    rivals = [tmp_path / "sessions.db"]

    def before(_: Connection, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("UPDATE") and rivals:
            with closing(sqlite3.connect(rivals.pop(), isolation_level=None)) as rival:
                rival.execute("UPDATE session_additions SET added = '[{\"id\": 1}]'")

    event.listen(Engine, "before_cursor_execute", before)
    try:
        assert await session.pop() == {"id": 1}
    finally:
        event.remove(Engine, "before_cursor_execute", before)
    assert not rivals and await session.items() == []


async def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    async with process("fill", tmp_path) as running:
        full = await line(running)
        assert full.startswith("full at ")
        assert f": {tmp_path}/sessions.db: " in full
        number = int(full.split()[2].rstrip(":"))
        assert await line(running) == f"then {2 * number + 1} of {2 * number + 1}"


async def test_a_session_of_a_closed_store_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        session = store.session("s")
    for doing in (session.items(), session.add(ITEMS), session.pop(), session.clear()):
        with pytest.raises(JournalError, match="is not open"):
            await doing


async def test_what_is_no_json_is_told_and_not_added(store: SessionStore) -> None:
    session = store.session("s")
    with pytest.raises(JournalError, match="not to be written as JSON"):
        await session.add([{"id": 1}, {"id": object()}])
    assert await session.items() == []


async def test_a_row_that_is_broken_is_told_without_what_is_in_it(
    tmp_path: Path, store: SessionStore
) -> None:
    await store.session("s").add(ITEMS)
    with closing(sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)) as writer:
        writer.execute("UPDATE session_additions SET added = '{+49301'")
    for doing in (store.session("s").items(), store.session("s").pop()):
        with pytest.raises(JournalError, match=r"sessions\.db: a session is not read") as caught:
            await doing
        assert "+49301" not in str(caught.value)


async def test_a_limit_reads_no_further_back_than_it_must(
    tmp_path: Path, store: SessionStore
) -> None:
    await store.session("s").add(numbers(1))
    with closing(sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)) as writer:
        writer.execute("UPDATE session_additions SET added = '{broken'")
    await store.session("s").add(numbers(2, 3))
    assert await store.session("s").items(2) == numbers(2, 3)


async def test_a_run_over_a_session_goes_on_after_a_restart(tmp_path: Path) -> None:
    model = ScriptedModel([message("One")], [message("Two")])
    runner = Runner(Provider(model), model="m")
    for text in ("First", "Second"):
        async with opened(tmp_path) as store:
            await runner.run_to_end(Agent("Clerk"), text, session=store.session("s"))
    first, second = ({"role": "user", "content": text} for text in ("First", "Second"))
    assert list(model.requests[1].input) == [first, message("One"), second]


async def test_two_runs_over_one_session_are_seen_however_it_was_had(store: SessionStore) -> None:
    runner = Runner(Provider(ScriptedModel([message("One")], [message("Two")])), model="m")
    run = runner.run(Agent("Clerk"), "Go", session=store.session("s"))
    with pytest.raises(RunStateError, match="another run"):
        runner.run(Agent("Clerk"), "Go", session=store.session("s"))
    await runner.run(Agent("Clerk"), "Go", session=store.session("t")).completed()
    await run.completed()


async def test_postgresql_understands_what_is_executed(
    tmp_path: Path,
) -> None:
    executed: list[Any] = []

    def note(_: Connection, statement: Any, *__: Any) -> None:
        executed.append(statement)

    event.listen(Engine, "before_execute", note)
    try:
        async with opened(tmp_path) as store:
            session = store.session("s")
            await session.add(numbers(1, 2))
            await session.items()
            await session.pop()
            await session.pop()
            await session.clear()
    finally:
        event.remove(Engine, "before_execute", note)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    texts = [str(each.compile(dialect=dialect)).split() for each in executed]
    expected = "CREATE CREATE INSERT SELECT SELECT UPDATE SELECT DELETE DELETE"
    assert [text[0] for text in texts] == expected.split()
    assert "number BIGSERIAL NOT NULL" in " ".join(texts[0])
