"""Tests run on a loop that tells who takes it for thread-safe."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from .checked_loop import CheckedLoop


async def test_another_thread_that_does_not_say_so_is_an_error() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CheckedLoop)
    for call in (loop.call_soon, partial(loop.call_later, 1)):
        with pytest.raises(RuntimeError, match="another thread"):
            await asyncio.to_thread(call, print)


async def test_one_that_says_so_is_not() -> None:
    called = asyncio.Event()
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(loop.call_soon_threadsafe, called.set)
    await called.wait()


async def test_a_coroutine_function_is_nothing_to_call() -> None:
    with pytest.raises(TypeError, match="nothing that a loop calls"):
        asyncio.get_running_loop().call_soon(asyncio.sleep, 0)
