"""The journal in a database: what it keeps, for whom, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Executable
from sqlalchemy.dialects import postgresql

from sipagent.calls.journal import AttachedState, JournalEntry
from sipagent.errors import JournalError
from sipagent.ops import attach_store, database, engines
from sipagent.ops.attach_store import AttachStore

from .programs import line, program
from .store_processes import CALLS, incoming

HEADERS = (("From", '"Zoë" <sip:a@b>'), ("Via", "one"), ("Via", "two"), ("X", "\x00\x1f"))
HISTORY: list[dict[str, Any]] = [
    {"id": "item_1", "content": [{"text": "Zoë 😀 \x00"}]},
    {"id": "item_2", "n": 1.5},
]


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/calls.db"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AttachStore]:
    store = AttachStore(url_of(tmp_path))
    await store.open()
    yield store
    await store.close()


@asynccontextmanager
async def another(folder: Path) -> AsyncIterator[AttachStore]:
    """Open the same file once more."""
    store = AttachStore(url_of(folder))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def process(what: str, folder: Path) -> AbstractAsyncContextManager[Process]:
    """Run one of the programs of ``store_processes``."""
    return program("store_processes", what, url_of(folder))


async def ids(store: AttachStore) -> tuple[list[str], list[str]]:
    """Return the calls that wait, and those that are alive."""
    waiting, alive = await store.waiting(), await store.alive()
    return [each.realtime_call_id for each in waiting], [each.realtime_call_id for each in alive]


async def test_a_new_call_waits_with_all_that_is_known_of_it(store: AttachStore) -> None:
    assert await store.add_webhook("wh_1", incoming("rtc_1", *HEADERS), received_at=1.25)
    entry = JournalEntry("rtc_1", AttachedState.NEW, HEADERS, 1.25)
    assert await store.waiting() == [entry]
    assert await store.alive() == []


async def test_a_call_that_was_accepted_is_alive_with_what_was_said(store: AttachStore) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1", *HEADERS), received_at=1.25)
    await store.accepted("rtc_1", call_id="c1", plan="desk")
    await store.save("rtc_1", agent="Ada", history=HISTORY)
    expected = JournalEntry(
        "rtc_1", AttachedState.ACCEPTED, HEADERS, 1.25, "c1", "desk", "Ada", tuple(HISTORY)
    )
    assert await ids(store) == ([], ["rtc_1"])
    assert await store.alive() == [expected]
    await store.save("rtc_1", agent="Bob", history=[])
    (entry,) = await store.alive()
    assert asdict(entry) == {**asdict(expected), "agent": "Bob", "history": ()}


async def test_the_oldest_come_first(store: AttachStore) -> None:
    for number, at in enumerate([3.0, 1.0, 2.0, 2.0]):
        await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}"), received_at=at)
    assert await ids(store) == (["rtc_1", "rtc_2", "rtc_3", "rtc_0"], [])
    for number in range(4):
        await store.accepted(f"rtc_{number}", call_id="c", plan="p")
    assert await ids(store) == ([], ["rtc_1", "rtc_2", "rtc_3", "rtc_0"])


@pytest.mark.parametrize(
    ("webhook_id", "realtime_call_id"), [("wh_1", "rtc_1"), ("wh_1", "rtc_2"), ("wh_2", "rtc_1")]
)
async def test_a_webhook_or_a_call_that_was_seen_is_not_new(
    store: AttachStore, webhook_id: str, realtime_call_id: str
) -> None:
    assert await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    assert not await store.add_webhook(webhook_id, incoming(realtime_call_id), received_at=2.0)
    assert [each.received_at for each in await store.waiting()] == [1.0]


async def test_what_was_refused_as_known_left_nothing_behind(store: AttachStore) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    await store.add_webhook("wh_2", incoming("rtc_1"), received_at=1.0)
    assert await store.add_webhook("wh_2", incoming("rtc_2"), received_at=1.0)


async def test_a_webhook_of_a_call_that_ended_is_not_new(store: AttachStore) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    await store.ended("rtc_1")
    for webhook_id in ("wh_1", "wh_2"):
        assert not await store.add_webhook(webhook_id, incoming("rtc_1"), received_at=2.0)
    assert await ids(store) == ([], [])


async def test_a_call_that_ended_stays_ended(store: AttachStore) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    await store.ended("rtc_1")
    await store.accepted("rtc_1", call_id="c1", plan="desk")
    await store.save("rtc_1", agent="Ada", history=HISTORY)
    assert await ids(store) == ([], [])


async def test_an_end_concerns_one_call(store: AttachStore) -> None:
    for number in range(3):
        await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}"), received_at=number)
        await store.accepted(f"rtc_{number}", call_id=f"c{number}", plan="desk")
    await store.save("rtc_2", agent="Ada", history=HISTORY)
    await store.ended("rtc_1")
    assert [(each.call_id, each.agent) for each in await store.alive()] == [
        ("c0", ""),
        ("c2", "Ada"),
    ]


async def test_of_a_call_that_ended_nothing_said_is_kept(
    tmp_path: Path, store: AttachStore
) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1", ("From", "+49301")), received_at=1.0)
    await store.save("rtc_1", agent="Ada", history=[{"text": "my secret"}])
    await store.ended("rtc_1")
    await store.save("rtc_1", agent="Ada", history=[{"text": "my secret"}])
    with closing(sqlite3.connect(tmp_path / "calls.db")) as reader:
        rows = str(list(reader.execute("SELECT * FROM attached_calls")))
    assert "rtc_1" in rows
    assert "my secret" not in rows and "+49301" not in rows


async def test_what_is_old_is_forgotten_but_for_the_living(store: AttachStore) -> None:
    for number in range(4):
        await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}"), received_at=number)
    await store.accepted("rtc_0", call_id="c0", plan="desk")
    await store.ended("rtc_2")
    await store.forget(3.0)
    assert await ids(store) == (["rtc_3"], ["rtc_0"])
    for number, is_new in enumerate([False, True, True, False]):
        call = incoming(f"rtc_{number}")
        assert await store.add_webhook(f"wh_{number}", call, received_at=9.0) is is_new


async def test_it_makes_its_folder_and_shows_its_file_to_no_stranger(tmp_path: Path) -> None:
    folder = tmp_path / "a ? b" / "c"
    async with another(folder) as store:
        assert await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
        files = sorted(folder.iterdir())
        assert files[0].name == "calls.db"
        assert {file.stat().st_mode & 0o007 for file in files} == {0}


async def test_it_is_all_there_when_opened_again(tmp_path: Path) -> None:
    async with another(tmp_path) as store:
        await store.add_webhook("wh_1", incoming("rtc_1", *HEADERS), received_at=1.0)
        await store.accepted("rtc_1", call_id="c1", plan="desk")
        before = await store.alive()
    async with another(tmp_path) as store:
        assert await store.alive() == before
        assert not await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)


async def test_what_was_written_outlives_a_kill(tmp_path: Path) -> None:
    async with process("hold", tmp_path) as running:
        assert await line(running) == "written"
        running.kill()
        await running.wait()
        async with another(tmp_path) as store:
            (entry,) = await store.alive()
            assert (entry.call_id, entry.agent, entry.history) == ("c1", "Ada", ({"id": "item_1"},))
            assert not await store.add_webhook("wh_2", incoming("rtc_1"), received_at=2.0)


async def test_one_store_reads_at_once_what_another_wrote(
    tmp_path: Path, store: AttachStore
) -> None:
    async with another(tmp_path) as other:
        for number in range(5):
            await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}"), received_at=number)
            assert len((await ids(other))[0]) == 1
            await other.accepted(f"rtc_{number}", call_id="c", plan="p")
            await other.ended(f"rtc_{number}")
            assert await ids(store) == ([], [])


async def test_each_webhook_is_new_to_one_process_only(tmp_path: Path) -> None:
    """They open the file at the same moment too, when nobody has made it yet."""
    async with (
        process("race", tmp_path) as one,
        process("race", tmp_path) as two,
        process("race", tmp_path) as three,
    ):
        everybody = (one, two, three)
        assert [await line(each) for each in everybody] == ["ready"] * 3
        for each in everybody:
            assert each.stdin is not None
            each.stdin.write(b"go\n")
        assert sum([int(await line(each)) for each in everybody]) == CALLS


async def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    async with process("fill", tmp_path) as running:
        full = await line(running)
        assert full.startswith("full at ")
        assert f": {tmp_path}/calls.db: " in full
        number = int(full.split()[2].rstrip(":"))
        assert await line(running) == f"then True, {number + 1} of {number + 1}"


async def test_a_locked_file_is_waited_for_and_no_loop_with_it(
    tmp_path: Path, store: AttachStore
) -> None:
    with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        adding = asyncio.ensure_future(
            store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
        )
        for _ in range(20):  # the loop runs while the thread waits
            await asyncio.sleep(0.01)
        assert not adding.done()
        writer.execute("COMMIT")
        assert await adding


async def test_a_file_that_stays_locked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    async with another(tmp_path) as store:
        with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            with pytest.raises(JournalError) as caught:
                await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
            assert str(caught.value) == f"{tmp_path}/calls.db: database is locked"
            assert await store.waiting() == []
        assert await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)


async def opening(url: str) -> str:
    """Return why a store does not open."""
    store = AttachStore(url)
    with pytest.raises(JournalError) as caught:
        await store.open()
    await store.close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "calls.db").write_text("These are a few words, and no database at all. " * 50)
    assert await opening(url_of(tmp_path)) == f"{tmp_path}/calls.db: file is not a database"


async def test_a_path_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    expected = f"{tmp_path}/file/calls.db: "
    assert (await opening(f"sqlite:///{tmp_path}/file/calls.db")).startswith(expected)
    (tmp_path / "calls.db").mkdir()
    assert (await opening(url_of(tmp_path))).startswith(f"{tmp_path}/calls.db: ")


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg2://me:secret@127.0.0.1:1/x", "postgresql+nothing://me:secret@h/x"],
)
async def test_a_server_that_cannot_be_had_is_told_without_its_password(url: str) -> None:
    text = await opening(url)
    assert text.startswith(url.replace("secret", "***") + ": ")
    assert "secret" not in text


async def test_a_file_that_is_broken_later_is_told_without_what_is_in_it(
    tmp_path: Path, store: AttachStore
) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as writer:
        writer.execute("UPDATE attached_calls SET history = '{+49301'")
        with pytest.raises(JournalError, match=r"calls\.db: a call is not readable") as caught:
            await store.waiting()
        assert "+49301" not in str(caught.value)
        writer.execute("DROP TABLE attached_calls")
    with pytest.raises(JournalError) as caught:
        await store.add_webhook("wh_2", incoming("rtc_2", ("From", "+49301")), received_at=1.0)
    assert str(caught.value) == f"{tmp_path}/calls.db: no such table: attached_calls"


async def test_what_is_no_json_is_told(store: AttachStore) -> None:
    await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    with pytest.raises(JournalError, match="not to be written as JSON"):
        await store.save("rtc_1", agent="Ada", history=[{"id": object()}])


async def test_it_may_be_closed_at_any_time(tmp_path: Path) -> None:
    store = AttachStore(url_of(tmp_path))
    await store.close()
    with pytest.raises(JournalError, match="is not open"):
        await store.waiting()
    await store.open()
    adding = asyncio.ensure_future(store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0))
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert await adding
    with pytest.raises(JournalError, match="is not open"):
        await store.waiting()


async def test_closing_leaves_no_thread_and_no_side_file(tmp_path: Path) -> None:
    async with another(tmp_path) as store:
        await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
    assert [file.name for file in tmp_path.iterdir()] == ["calls.db"]
    deadline = time.monotonic() + 5
    while any(each.name.startswith("attach-store") for each in threading.enumerate()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_whatever_it_executes_is_postgresqls_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_all, rows = database.execute_all, attach_store._rows
    executed: list[Any] = []

    def note_all(engine: Engine, statements: Sequence[Executable]) -> None:
        executed.extend(statements)
        execute_all(engine, statements)

    def note_one(engine: Engine, wanted: Executable) -> list[Any]:
        executed.append(wanted)
        return rows(engine, wanted)

    for module in (attach_store, database):
        monkeypatch.setattr(module, "execute_all", note_all)
    monkeypatch.setattr(attach_store, "_rows", note_one)
    async with another(tmp_path) as store:
        await store.add_webhook("wh_1", incoming("rtc_1"), received_at=1.0)
        await store.accepted("rtc_1", call_id="c1", plan="desk")
        await store.save("rtc_1", agent="Ada", history=HISTORY)
        await ids(store)
        await store.ended("rtc_1")
        await store.forget(9.0)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    texts = [str(each.compile(dialect=dialect)).split() for each in executed]
    verbs = [text[0] for text in texts]
    expected = "CREATE CREATE CREATE INSERT INSERT UPDATE UPDATE SELECT SELECT UPDATE DELETE DELETE"
    assert verbs == expected.split()
    assert "DOUBLE PRECISION NOT NULL" in " ".join(texts[1])
