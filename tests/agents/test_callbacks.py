"""Calling what users hand us."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sipagent.agents import callbacks
from sipagent.agents.callbacks import answered, call_off_loop, holds, raised


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


async def never(*_: object) -> bool:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_question_nobody_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "ANSWER_LIMIT_S", 0.01)
    waiting: Any = never()
    with pytest.raises(TimeoutError, match=r"^prompt of Billing: no answer within 0\.01 s$"):
        await answered(waiting, "prompt of Billing")


async def test_a_limit_of_the_callbacks_own_is_its_own() -> None:
    async def impatient() -> bool:
        raise TimeoutError("theirs")

    waiting: Any = impatient()
    with pytest.raises(TimeoutError, match=r"^theirs$"):
        await answered(waiting, "prompt of Billing")


@pytest.mark.parametrize("if_unclear", [True, False])
async def test_a_condition_that_never_answers_is_unclear(
    monkeypatch: pytest.MonkeyPatch, if_unclear: bool
) -> None:
    monkeypatch.setattr(callbacks, "ANSWER_LIMIT_S", 0.01)
    assert await holds(never, if_unclear=if_unclear) is if_unclear
