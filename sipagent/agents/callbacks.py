"""Calls what users hand us: functions plain or async, which may raise anything.

Short questions, such as whether a tool is enabled, run on the loop and have a limit, since nobody
speaks meanwhile; work, such as a tool, runs in a thread when it is a plain function, so that it
cannot hold up the audio.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
MaybeAwaitable: TypeAlias = T | Awaitable[T]

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 20.0
"""How long an async answer to a short question, or an ``on_handoff``, may take."""


async def settled(value: MaybeAwaitable[T]) -> T:
    """Return what a plain or an async function returned, awaited if need be."""
    return await value if inspect.isawaitable(value) else value


async def answered(value: MaybeAwaitable[T], what: str) -> T:
    """Return what a plain or an async function answered to a short question.

    Args:
        value: What it returned.
        what: Was asked for.

    Raises:
        TimeoutError: If there is no answer in time; says to what.
        Exception: Whatever it raises.
    """
    limit = asyncio.timeout(ANSWER_LIMIT_S)
    try:
        async with limit:
            return await settled(value)
    except TimeoutError:
        if not limit.expired():
            raise
        raise TimeoutError(f"{what}: no answer within {ANSWER_LIMIT_S:g} s") from None


async def holds(
    condition: bool | Callable[..., MaybeAwaitable[bool]], *arguments: Any, if_unclear: bool
) -> bool:
    """Return whether ``condition`` holds.

    Args:
        condition: The answer, or who is asked for it with ``arguments``.
        if_unclear: The answer when the one who is asked raises, takes too long, or does not return
            a bool.
    """
    if isinstance(condition, bool):
        return condition
    try:
        answer = await answered(condition(*arguments), "a condition")
        if not isinstance(answer, bool):
            raise TypeError(f"{type(answer).__name__} is no bool")
    except BaseException as error:
        log.warning("! a condition counts as %s: %s", if_unclear, type(raised(error)).__name__)
        return if_unclear
    return answer


async def call_off_loop(function: Callable[..., Any], *positional: Any, **values: Any) -> Any:
    """Call ``function``: on the loop when it is a coroutine function, else in a thread.

    Cancelling it cancels a coroutine; a thread goes on, and what it returns is dropped.
    """
    if inspect.iscoroutinefunction(function):
        return await function(*positional, **values)
    result = await asyncio.to_thread(_call, function, *positional, **values)
    # A plain function around a coroutine function, as decorators make them.
    return await settled(result)


def is_cancelled() -> bool:
    """Return whether our own task is being cancelled, whatever became of the error."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def raised(error: BaseException) -> Exception:
    """Return what a callback raised as an error of its own; what is meant for us goes on.

    ``SystemExit`` would end the process, and a ``CancelledError`` of something the callback waited
    for would look like the end of our own task.

    Raises:
        BaseException: ``error``, if our task is cancelled or the process is to end.
    """
    if isinstance(error, Exception):
        return error
    is_theirs = isinstance(error, asyncio.CancelledError) and not is_cancelled()
    if isinstance(error, SystemExit) or is_theirs:
        wrapped = RuntimeError(f"it raised {type(error).__name__}")
        wrapped.__cause__ = error
        return wrapped
    raise error


def _call(function: Callable[..., Any], *positional: Any, **values: Any) -> Any:
    try:
        return function(*positional, **values)
    except StopIteration as error:
        raise RuntimeError("StopIteration") from error  # no future takes it: the wait never ends
