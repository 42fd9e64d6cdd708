"""The far end of the tests themselves: what fails there fails the test."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.audio.frames import Pcm
from sipagent.sip.media_port import MediaPort

from .leg import FarEnd


class LimitPassed(BaseException):
    """As the time limit of a test is: no ``Exception``."""


async def test_a_clock_that_fails_fails_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: MediaPort) -> Pcm:
        raise LimitPassed

    monkeypatch.setattr(MediaPort, "take_outbound", broken)
    far_end = FarEnd()
    async with asyncio.timeout(5) as limit:
        with pytest.raises(LimitPassed):
            async with far_end.clock():
                far_end.send_answer(200)
                await asyncio.Event().wait()
    assert not limit.expired()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_clock_goes_on_until_the_end_of_the_block() -> None:
    far_end = FarEnd()
    async with far_end.clock():
        far_end.send_answer(200)
        await asyncio.sleep(0)
    assert "conference clock" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_failure_in_the_block_is_its_own() -> None:
    with pytest.raises(LookupError):
        async with FarEnd().clock():
            raise LookupError
