"""Running a tool: whatever it does, the model gets a text."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents.tools import (
    DEFAULT_ERROR,
    ToolContext,
    ToolOutcome,
    background_result,
    function_tool,
    result_text,
)
from sipagent.errors import ToolError

CONTEXT = ToolContext("the call", "call_1", "Reception")
FAILED = ToolOutcome(DEFAULT_ERROR, has_failed=True)


async def outcome(function: Callable[..., Any], arguments: str = "") -> ToolOutcome:
    """Return what becomes of ``function`` as a tool."""
    return await function_tool(function).run(CONTEXT, arguments)


def book(name: str, guests: int = 2) -> str:
    """Book a table."""
    return f"{guests} for {name}"


class Table(BaseModel):
    """A table."""

    seats: int


async def test_arguments_reach_the_function() -> None:
    assert await outcome(book, '{"name":"Ann","guests":4}') == ToolOutcome("4 for Ann")


async def test_defaults_stand_in_for_what_is_not_given() -> None:
    assert await outcome(book, '{"name":"Ann"}') == ToolOutcome("2 for Ann")


async def test_arguments_are_of_the_type_the_function_wants() -> None:
    def seats(table: Table) -> int:
        """Count."""
        return table.seats

    assert await outcome(seats, '{"table":{"seats":4}}') == ToolOutcome("4")


async def test_null_is_as_good_as_nothing_where_nothing_is_allowed() -> None:
    assert await outcome(book, '{"name":"Ann","guests":null}') == ToolOutcome("2 for Ann")


@pytest.mark.parametrize("arguments", ["", "{}"])
async def test_no_arguments_are_as_good_as_an_empty_object(arguments: str) -> None:
    assert await outcome(lambda: "rung", arguments) == ToolOutcome("rung")


async def test_a_context_in_first_place_is_given() -> None:
    async def tell(context: ToolContext, loud: bool) -> bool:
        """Tell."""
        return context is CONTEXT and loud

    assert await outcome(tell, '{"loud":true}') == ToolOutcome("true")


@pytest.mark.parametrize(
    "arguments",
    [
        "{",
        "[]",
        '"Ann"',
        "null",
        "{}",
        '{"name":["Ann"]}',
        '{"name":"Ann","guests":"many"}',
        '{"name":"Ann","dog":true}',
        '{"name":null}',
        '{"name":"Ann","guests":NaN}',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
async def test_arguments_that_do_not_fit_are_a_failure_and_run_nothing(arguments: str) -> None:
    ran: list[str] = []

    def note(name: str, guests: int = 2) -> None:
        """Note."""
        ran.append(name)

    assert await outcome(note, arguments) == FAILED
    assert ran == []


async def test_the_log_names_the_argument_that_does_not_fit_and_not_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await outcome(book, '{"name":"Ann","guests":"secret"}')
    assert "book ! bad arguments: guests: Input should be" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [OSError("secret"), ValueError("secret"), KeyError(1), StopIteration(), SystemExit(1)],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_what_a_tool_raises_becomes_a_text_that_gives_nothing_away(
    error: BaseException, is_async: bool
) -> None:
    def fail() -> None:
        """Fail."""
        raise error

    async def fail_async() -> None:
        """Fail."""
        raise error

    async with asyncio.timeout(5):
        assert await outcome(fail_async if is_async else fail) == FAILED


async def test_a_tool_error_says_what_may_be_spoken() -> None:
    def fail() -> None:
        """Fail."""
        raise ToolError("disk full on db3", spoken="I cannot book right now.")

    assert await outcome(fail) == ToolOutcome("I cannot book right now.", has_failed=True)


async def test_a_tool_whose_own_work_was_cancelled_has_failed() -> None:
    async def wait_for_a_cancelled_future() -> None:
        """Wait."""
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    assert await outcome(wait_for_a_cancelled_future) == FAILED


async def test_a_tool_can_be_cancelled_from_outside() -> None:
    started = asyncio.Event()

    async def wait() -> None:
        """Wait."""
        started.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(outcome(wait))
        await started.wait()
        running.cancel()
    assert running.cancelled()


async def test_a_background_result_does_not_ask_for_an_answer() -> None:
    told = await outcome(lambda: background_result({"n": 1}))
    assert told == ToolOutcome('{"n": 1}', must_respond=False)


async def test_a_plain_function_runs_in_a_thread() -> None:
    threads: list[int] = []
    await outcome(lambda: threads.append(threading.get_ident()))
    assert threads != [threading.get_ident()]
    assert len(threads) == 1


async def test_a_coroutine_function_runs_on_the_loop() -> None:
    async def here() -> bool:
        """Tell where."""
        return threading.current_thread() is threading.main_thread()

    assert await outcome(here) == ToolOutcome("true")


async def test_a_plain_function_around_a_coroutine_function_is_awaited() -> None:
    async def ring() -> str:
        """Ring."""
        return "rung"

    def decorated() -> Awaitable[str]:
        """Ring."""
        return ring()

    assert await outcome(decorated) == ToolOutcome("rung")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("text", "text"),
        ("", ""),
        (None, "null"),
        (7, "7"),
        ({"straße": [1, None]}, '{"straße": [1, null]}'),
        (Table(seats=4), '{"seats":4}'),
        (b"raw", "\"b'raw'\""),
        ("half \ud83d", "half ?"),
        (["half \ud83d"], '["half ?"]'),
    ],
)
def test_a_result_is_text_as_it_is_or_else_json(result: object, text: str) -> None:
    assert result_text(result) == text


async def test_a_result_that_is_no_json_is_a_failure() -> None:
    circle: list[object] = []
    circle.append(circle)
    assert await outcome(lambda: circle) == FAILED
    assert await outcome(lambda: {(1, 2): "two keys"}) == FAILED


async def test_what_may_be_spoken_can_be_sent() -> None:
    def fail() -> None:
        """Fail."""
        raise ToolError("bad file name", spoken="half \ud83d")

    assert (await outcome(fail)).output == "half ?"
