"""Calling what users hand us."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.agents.callbacks import call_off_loop, raised


class Asynchronous:
    """An object to be called, and then awaited."""

    async def __call__(self, number: int) -> int:
        return number + 1


async def test_an_object_with_an_async_call_is_awaited() -> None:
    assert await call_off_loop(Asynchronous(), 1) == 2


async def test_an_error_is_itself() -> None:
    error = OSError()
    assert raised(error) is error


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()], ids=repr)
async def test_what_would_end_more_than_the_callback_is_wrapped(error: BaseException) -> None:
    wrapped = raised(error)
    assert isinstance(wrapped, RuntimeError)
    assert wrapped.__cause__ is error


async def test_what_the_user_of_the_process_wants_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        raised(KeyboardInterrupt())
