"""Work and the connection its results go over."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.errors import SessionLost
from sipagent.realtime.conversation_events import GuardrailCheckPassed
from sipagent.realtime.core import SessionCore
from sipagent.realtime.guardrail_runs import Check
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import OutputCheck
from sipagent.realtime.work import WorkRunner
from sipagent.realtime.workshop import Workshop

from .playbook import Playbook, reception


class FakeCarrier:
    """A connection that may be gone."""

    def __init__(self, *, is_gone: bool = False) -> None:
        self.core: SessionCore = Playbook().core
        self.is_gone = is_gone

    async def flush(self) -> None:
        """Send, if there is a socket."""
        if self.is_gone:
            raise SessionLost("gone", close_code=1006)


def workshop(*, is_kept: bool) -> Workshop:
    return Workshop(WorkRunner(SessionOptions(), None, lambda: 0.0), is_kept=is_kept)


async def test_a_result_waits_for_the_connection_that_the_session_uses() -> None:
    shop = workshop(is_kept=True)
    shop.use(FakeCarrier(is_gone=True), is_active=True)
    taking = asyncio.ensure_future(shop.core())
    opening, used = FakeCarrier(), FakeCarrier()
    shop.use(opening, is_active=False)
    await asyncio.sleep(0)
    assert not taking.done()
    shop.use(used, is_active=True)
    assert await taking is used.core


async def test_a_result_of_a_connection_of_its_own_goes_nowhere_else() -> None:
    shop, gone = workshop(is_kept=False), FakeCarrier(is_gone=True)
    shop.use(gone, is_active=False)
    assert await shop.core() is gone.core


async def test_that_a_socket_is_gone_is_the_end_of_work_that_is_not_kept() -> None:
    for is_kept in (True, False):
        shop = workshop(is_kept=is_kept)
        shop.use(FakeCarrier(is_gone=True), is_active=True)
        if is_kept:
            await shop.flush()
        else:
            with pytest.raises(SessionLost):
                await shop.flush()


async def test_what_a_guardrail_says_goes_over_the_connection_in_use_by_then() -> None:
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def look(*_: object) -> GuardrailResult:
        is_asked.set()
        await may_answer.wait()
        return GuardrailResult(False)

    shop, before, used = workshop(is_kept=True), FakeCarrier(), FakeCarrier()
    shop.use(before, is_active=True)
    check = Check(1, "resp_1", "item_1", "Good day.", "audio", is_final=False, generation=0)
    shop.start(OutputCheck(check, reception(), (OutputGuardrail("polite", look),)))
    await is_asked.wait()
    before.is_gone = True
    may_answer.set()
    await asyncio.sleep(0)
    shop.use(used, is_active=True)
    async with asyncio.timeout(5):
        while not (told := used.core.out.take_events()):
            await asyncio.sleep(0)
    assert [type(each) for each in told] == [GuardrailCheckPassed]
    assert before.core.out.take_events() == []
    await shop.close()
