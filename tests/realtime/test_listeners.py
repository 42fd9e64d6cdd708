"""Whoever listens: by name, in order, and at their own risk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import get_args

import pytest

from sipagent.errors import ConfigError
from sipagent.realtime.events import SessionConfigured, SessionEvent
from sipagent.realtime.listeners import EVENT_NAMES, EVERYTHING, Listeners

EVENT = SessionConfigured(1.0)
OTHER = SessionConfigured(2.0)
NAME = SessionConfigured.NAME


def test_every_event_has_a_name_of_its_own() -> None:
    names = [event.NAME for event in get_args(SessionEvent)]
    assert len(names) == len(set(names))
    assert set(names) | {EVERYTHING} == EVENT_NAMES


def test_an_event_nobody_knows_cannot_be_listened_to() -> None:
    with pytest.raises(ConfigError, match=r"'session_update'.*session_updated"):
        Listeners().add("session_update", print)


def test_a_listener_hears_its_events_and_one_of_all_hears_all() -> None:
    listeners = Listeners()
    heard: list[str] = []
    listeners.add("agent_start", lambda event: heard.append("wrong"))
    listeners.add(EVERYTHING, lambda event: heard.append(f"all {event.at}"))
    listeners.add(NAME, lambda event: heard.append(f"one {event.at}"))
    listeners.tell(EVENT)
    assert heard == ["one 1.0", "all 1.0"]


def test_a_listener_is_called_as_often_as_it_was_added_until_it_is_removed() -> None:
    listeners = Listeners()
    heard: list[SessionEvent] = []
    listeners.add(NAME, heard.append)
    listeners.add(NAME, heard.append)
    listeners.remove(NAME, heard.append)
    listeners.tell(EVENT)
    listeners.remove(NAME, heard.append)
    listeners.remove(NAME, heard.append)
    listeners.remove("agent_start", heard.append)
    listeners.tell(OTHER)
    assert heard == [EVENT]


def test_a_listener_may_remove_itself() -> None:
    listeners = Listeners()
    heard: list[SessionEvent] = []

    def once(event: SessionEvent) -> None:
        heard.append(event)
        listeners.remove(NAME, once)

    listeners.add(NAME, once)
    listeners.add(NAME, heard.append)
    listeners.tell(EVENT)
    listeners.tell(OTHER)
    assert heard == [EVENT, EVENT, OTHER]


def test_a_listener_that_raises_is_logged_and_keeps_nobody_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listeners = Listeners()
    heard: list[SessionEvent] = []

    def fail(event: SessionEvent) -> None:
        raise OSError("no disk")

    listeners.add(NAME, fail)
    listeners.add(NAME, heard.append)
    listeners.tell(EVENT)
    assert heard == [EVENT]
    assert caplog.record_tuples == [
        ("sipagent.realtime.listeners", logging.ERROR, f"! a listener to {NAME} failed")
    ]


async def test_async_listeners_run_one_after_the_other_in_the_order_of_the_events() -> None:
    listeners = Listeners()
    heard: list[str] = []

    def listener(name: str, turns: int) -> Callable[[SessionEvent], asyncio.Future[None]]:
        async def run(event: SessionEvent) -> None:
            heard.append(f"{name} begins {event.at}")
            for _ in range(turns):
                await asyncio.sleep(0)
            heard.append(f"{name} ends {event.at}")

        return run  # type: ignore[return-value]

    listeners.add(NAME, listener("slow", 9))
    listeners.add(NAME, listener("quick", 0))
    listeners.tell(EVENT)
    listeners.tell(OTHER)
    await listeners.close()
    assert heard == [
        f"{name} {what} {at}"
        for at in (1.0, 2.0)
        for name in ("slow", "quick")
        for what in ("begins", "ends")
    ]


@pytest.mark.parametrize("error", [OSError(), asyncio.CancelledError()], ids=repr)
async def test_an_async_listener_that_raises_keeps_nobody_from_hearing(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    listeners = Listeners()
    heard: list[SessionEvent] = []

    async def fail(event: SessionEvent) -> None:
        raise error

    async def listen(event: SessionEvent) -> None:
        heard.append(event)

    listeners.add(NAME, fail)
    listeners.add(NAME, listen)
    listeners.tell(EVENT)
    async with asyncio.timeout(5):
        await listeners.close()
    assert heard == [EVENT]
    assert [record.message for record in caplog.records] == ["! a listener failed"]


async def test_closing_waits_for_what_was_begun_and_leaves_no_task() -> None:
    listeners = Listeners()
    before = asyncio.all_tasks()
    let_go, ended = asyncio.Event(), asyncio.Event()

    async def listen(event: SessionEvent) -> None:
        await let_go.wait()
        ended.set()

    listeners.add(NAME, listen)
    listeners.tell(EVENT)
    asyncio.get_running_loop().call_soon(let_go.set)
    await listeners.close()
    assert ended.is_set()
    assert asyncio.all_tasks() == before


async def test_a_listener_may_close_them_all_and_those_after_it_still_hear() -> None:
    listeners = Listeners()
    heard: list[str] = []

    async def close(event: SessionEvent) -> None:
        await listeners.close()
        heard.append("closed")

    async def listen(event: SessionEvent) -> None:
        heard.append("heard")

    listeners.add(NAME, close)
    listeners.add(NAME, listen)
    listeners.tell(EVENT)
    async with asyncio.timeout(5):
        await listeners.close()
    assert heard == ["closed", "heard"]


async def test_who_listens_after_a_pause_is_called_again() -> None:
    listeners = Listeners()
    heard: list[SessionEvent] = []

    async def listen(event: SessionEvent) -> None:
        heard.append(event)

    listeners.add(NAME, listen)
    listeners.tell(EVENT)
    await listeners.close()
    listeners.tell(OTHER)
    await listeners.close()
    assert heard == [EVENT, OTHER]


def test_there_is_somebody_only_once_somebody_listens() -> None:
    listeners = Listeners()
    assert not listeners
    listeners.add(NAME, print)
    assert listeners
