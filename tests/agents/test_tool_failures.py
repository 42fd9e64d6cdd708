"""Tools that fail or take too long, and what they may say of it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from sipagent.agents.tool_errors import ToolArgumentsInvalid, ToolTimeout
from sipagent.agents.tool_failures import (
    ErrorFunction,
    TimeoutBehavior,
    default_tool_error,
    failed,
    timed_out,
)
from sipagent.agents.tools import DEFAULT_ERROR, ToolContext, ToolOutcome, function_tool
from sipagent.errors import ConfigError, ToolError

SHORT_S = 0.01


def context() -> ToolContext:
    return ToolContext("the call", "call_1", "Reception")


def fail() -> None:
    """Fail."""
    raise OSError("db3 is down")


async def wait() -> None:
    """Wait."""
    await asyncio.Event().wait()


async def test_an_error_function_words_the_failure() -> None:
    def say(context: ToolContext, error: Exception) -> str:
        return f"{context.tool_call_id}: {error}"

    told = await function_tool(fail, error_function=say).run(context(), "")
    assert told == ToolOutcome("call_1: db3 is down", has_failed=True)


async def test_an_error_function_may_be_async_and_words_bad_arguments_too() -> None:
    seen: list[Exception] = []

    async def say(context: ToolContext, error: Exception) -> str:
        seen.append(error)
        return "Say it again."

    told = await function_tool(fail, error_function=say).run(context(), "{")
    assert told == ToolOutcome("Say it again.", has_failed=True)
    assert isinstance(seen[0], ToolArgumentsInvalid)


async def test_without_error_function_the_model_is_told_nothing_and_the_owner_the_error() -> None:
    told = await function_tool(fail, error_function=None).run(context(), "")
    assert (told.is_sent, told.must_respond, told.has_failed) == (False, False, True)
    assert isinstance(told.error, OSError)


def says_nothing(context: ToolContext, error: Exception) -> Any:
    return None


def breaks(context: ToolContext, error: Exception) -> str:
    raise error


@pytest.mark.parametrize("say", [says_nothing, breaks])
async def test_an_error_function_that_fails_is_no_worse_than_none_of_ones_own(
    say: ErrorFunction,
) -> None:
    told = await function_tool(fail, error_function=say).run(context(), "")
    assert told == ToolOutcome(DEFAULT_ERROR, has_failed=True)


async def test_a_tool_that_takes_too_long_is_cancelled_and_its_limit_told() -> None:
    ended: list[str] = []
    mine = context()

    async def wait() -> None:
        """Wait."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    told = await function_tool(wait, timeout_s=SHORT_S).run(mine, "")
    assert told == ToolOutcome("Tool 'wait' timed out after 0.01 seconds.", has_failed=True)
    assert ended == ["cancelled"]
    assert mine.is_cancelled


async def test_a_timeout_function_words_the_timeout() -> None:
    def say(context: ToolContext, error: Exception) -> str:
        assert isinstance(error, ToolTimeout)
        return f"{error.tool_name} is slow, {error.timeout_s}"

    tool = function_tool(wait, timeout_s=SHORT_S, timeout_error_function=say)
    assert await tool.run(context(), "") == ToolOutcome("wait is slow, 0.01", has_failed=True)


async def test_a_timeout_may_be_for_the_owner_alone() -> None:
    tool = function_tool(wait, timeout_s=SHORT_S, timeout_behavior="raise_exception")
    told = await tool.run(context(), "")
    assert (told.is_sent, told.must_respond, told.has_failed) == (False, False, True)
    assert isinstance(told.error, ToolTimeout)


async def test_a_result_that_comes_too_late_is_dropped() -> None:
    async def swallow() -> str:
        """Swallow its cancellation."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "late"
        return "never"

    told = await function_tool(swallow, timeout_s=SHORT_S).run(context(), "")
    assert told.output == "Tool 'swallow' timed out after 0.01 seconds."


async def test_what_a_tool_makes_of_its_cancellation_is_a_timeout_all_the_same() -> None:
    async def complain() -> None:
        """Complain of its cancellation."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("not now") from None

    told = await function_tool(complain, timeout_s=SHORT_S).run(context(), "")
    assert told.output == "Tool 'complain' timed out after 0.01 seconds."


async def test_a_timeout_of_the_tools_own_is_a_failure_like_any_other() -> None:
    async def ask() -> None:
        """Ask somebody who does not answer."""
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    assert await function_tool(ask).run(context(), "") == ToolOutcome(
        DEFAULT_ERROR, has_failed=True
    )


async def test_a_plain_function_sees_that_nobody_waits_any_more() -> None:
    has_seen = threading.Event()

    def work(context: ToolContext) -> None:
        """Work until nobody wants it."""
        while not context.is_cancelled:
            has_seen.wait(0.001)
        has_seen.set()

    told = await function_tool(work, timeout_s=SHORT_S).run(context(), "")
    assert told.output == "Tool 'work' timed out after 0.01 seconds."
    assert await asyncio.to_thread(has_seen.wait, 5)


async def test_a_plain_function_sees_that_the_session_ended() -> None:
    has_started, has_seen = threading.Event(), threading.Event()

    def work(context: ToolContext) -> None:
        """Work until nobody wants it."""
        has_started.set()
        while not context.is_cancelled:
            has_seen.wait(0.001)
        has_seen.set()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(function_tool(work).run(context(), ""))
        assert await asyncio.to_thread(has_started.wait, 5)
        running.cancel()
    assert running.cancelled()
    assert await asyncio.to_thread(has_seen.wait, 5)


async def test_a_tool_that_ended_in_time_was_not_cancelled() -> None:
    mine = context()
    await function_tool(lambda: None).run(mine, "")
    assert not mine.is_cancelled


@pytest.mark.parametrize(
    "timeout_s", [0, -1.0, float("nan"), float("inf"), 2_147_483.648, True, None, "1"]
)
def test_a_limit_must_be_a_time_that_passes(timeout_s: Any) -> None:
    with pytest.raises(ConfigError, match="tool fail: timeout_s must be"):
        function_tool(fail, timeout_s=timeout_s)


def test_the_longest_limit_is_what_a_timer_holds() -> None:
    assert function_tool(fail, timeout_s=2_147_483.647).timeout_s == 2_147_483.647


def test_another_behavior_is_refused_and_those_there_are_named() -> None:
    behavior: Any = "ignore"
    with pytest.raises(ConfigError, match="must be error_as_result or raise_exception"):
        function_tool(fail, timeout_behavior=behavior)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (ToolArgumentsInvalid("city is missing"), "tool look_up ! bad arguments: city is missing"),
        (ToolError("db3 is down", spoken="Not now."), "tool look_up ! db3 is down"),
        (ValueError("4711 is no postcode"), "tool look_up ! bad value: ValueError"),
        (OSError("db3 is down"), "tool look_up ! failed"),
    ],
)
async def test_a_failure_is_logged_without_what_the_caller_said(
    error: Exception, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = await failed("look_up", context(), error, default_tool_error)
    assert told.has_failed and told.must_respond and told.error is None
    assert told.output == ("Not now." if logged.endswith("! db3 is down") else DEFAULT_ERROR)
    assert [record.getMessage() for record in caplog.records] == [logged]


async def test_a_failure_nobody_words_is_the_owners() -> None:
    error = OSError("db3 is down")
    told = await failed("look_up", context(), error, None)
    assert (told.is_sent, told.error) == (False, error)


@pytest.mark.parametrize(
    ("behavior", "is_sent", "output"),
    [
        ("error_as_result", True, "Tool 'look_up' timed out after 3 seconds."),
        ("raise_exception", False, ""),
    ],
)
async def test_a_timeout_nobody_words_says_how_long_the_tool_had_or_is_the_owners(
    behavior: TimeoutBehavior, is_sent: bool, output: str
) -> None:
    timeout = ToolTimeout("look_up", 3.0)
    told = await timed_out(context(), timeout, behavior, None)
    assert (told.is_sent, told.output, told.has_failed) == (is_sent, output, True)
    assert told.error is (None if is_sent else timeout)
