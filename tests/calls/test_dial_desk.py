"""The desk that places calls: what it refuses, and what becomes of what it begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sipagent.calls import facts
from sipagent.calls.desk import CallDesk
from sipagent.calls.dial_desk import DialAnswer, DialDesk, DialRequest
from sipagent.calls.setup import CallDecision, RefuseCall
from sipagent.calls.termination import Reason, Result
from sipagent.errors import SipError
from sipagent.realtime.transport import Endpoint
from sipagent.sip.call import SipCall
from sipagent.sip.line import NO_WISHES, LineWishes
from tests.fakes.faulty_endpoint import faulty_endpoint

from .leg import FarEnd, Told
from .talk import call_setup


class FakeLine:
    """A line that dials when the test says so."""

    def __init__(self) -> None:
        self.free_calls, self.is_draining = 4, False
        self.may_dial = asyncio.Event()
        self.dialled: list[dict[str, Any]] = []
        self.error: SipError | None = None
        self.callee = FarEnd()

    async def dial(
        self,
        uri: str,
        *,
        trunk: str = "",
        from_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        wishes: LineWishes = NO_WISHES,
    ) -> SipCall:
        """Return the leg of the callee."""
        await self.may_dial.wait()
        if self.error is not None:
            raise self.error
        self.dialled.append({"uri": uri, "trunk": trunk, "from_user": from_user})
        return self.callee.leg


class Placing:
    """A desk under test."""

    def __init__(self, url: str, folder: Path) -> None:
        self.line, self.told = FakeLine(), Told()
        self.desk = CallDesk(
            route=lambda _: None,
            endpoint=Endpoint(url, "gpt-realtime"),
            observer=self.told,
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )
        plans: dict[str, CallDecision] = {"desk": call_setup(), "fax": RefuseCall("fax", 603)}
        self.dials = DialDesk(self.desk, self.line, plans.get, ["provider"])

    def place(self, **request: Any) -> DialAnswer:
        """Ask for a call."""
        asked: dict[str, Any] = {"call_id": "c1", "uri": "+49301", "plan": "desk"}
        return self.dials.place(DialRequest(**(asked | request)))


@asynccontextmanager
async def placing(folder: Path) -> AsyncIterator[Placing]:
    """Open a desk; its calls are over at the end."""
    async with faulty_endpoint() as endpoint:
        running = Placing(endpoint.url, folder)
        yield running
        running.line.callee.hangs_up()
        await running.desk.until_empty()


async def test_what_cannot_be_placed_is_refused_and_on_no_record(tmp_path: Path) -> None:
    async with placing(tmp_path) as running:
        assert running.place(plan="nobody") == DialAnswer(404, 'there is no plan "nobody"')
        assert running.place(plan="fax").status == 404
        assert running.place(trunk="other") == DialAnswer(404, 'there is no trunk "other"')
        running.line.is_draining = True
        assert running.place().status == 503
        running.line.is_draining, running.line.free_calls = False, 0
        assert running.place() == DialAnswer(503, "no call is free")
        assert running.told.facts == []


async def test_calls_that_wait_for_their_turn_take_their_place(tmp_path: Path) -> None:
    async with placing(tmp_path) as running:
        running.line.free_calls = 1
        assert running.place(trunk="provider", caller_id="+49302").status == 202
        assert running.place(call_id="c2").status == 503
        running.line.may_dial.set()
        await running.told.until(facts.CallRouted)
        assert running.line.dialled == [
            {"uri": "+49301", "trunk": "provider", "from_user": "+49302"}
        ]


async def test_a_call_that_could_not_even_be_sent_is_on_record(tmp_path: Path) -> None:
    async with placing(tmp_path) as running:
        running.line.error = SipError("no such host")
        running.place()
        running.line.may_dial.set()
        end = (await running.told.until(facts.CallEnded)).termination
        assert (end.result, end.reason, end.detail) == (
            Result.FAILED,
            Reason.DIAL_FAILED,
            "no such host",
        )
        assert running.told.names() == ["CallOffered", "CallRouted", "CallEnded"]


async def test_a_call_given_up_before_its_turn_is_cancelled_when_it_is_dialled(
    tmp_path: Path,
) -> None:
    async with placing(tmp_path) as running:
        running.place()
        assert running.dials.give_up("c1")
        assert not running.dials.give_up("nobody")
        running.line.may_dial.set()
        end = (await running.told.until(facts.CallEnded)).termination
        assert (end.result, end.reason) == (Result.ABANDONED, Reason.OPERATOR_HUNG_UP)
        assert running.line.callee.sent == ['BYE Q.850;cause=16;text="operator_hung_up"']


async def test_a_call_that_waits_for_its_turn_at_the_end_is_not_dialled_and_on_record(
    tmp_path: Path,
) -> None:
    async with placing(tmp_path) as running:
        running.place()
        assert running.dials.is_dialling
        await asyncio.sleep(0)
        await running.dials.close()
        assert not running.dials.is_dialling and not running.line.dialled
        end = (await running.told.until(facts.CallEnded)).termination
        assert (end.result, end.reason) == (Result.FAILED, Reason.SHUTDOWN)
