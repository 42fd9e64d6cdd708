"""The desk: which call is taken, and what becomes of its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sipagent.calls import facts
from sipagent.calls.desk import CallDesk
from sipagent.calls.facts import Fact
from sipagent.calls.route_keys import route_keys
from sipagent.calls.setup import CallDecision, CallSetup, ReferCall, RefuseCall, RefuseEmergency
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.dialplan.call_keys import CallKeys
from sipagent.realtime.transport import Endpoint
from tests.fakes.faulty_endpoint import faulty_endpoint

from .leg import FarEnd, Told
from .talk import call_setup

Route = Callable[[CallKeys], CallDecision | None]


@asynccontextmanager
async def desk(folder: Path, told: Told, route: Route | None = None) -> AsyncIterator[CallDesk]:
    """Open a desk whose endpoint works."""
    setup = call_setup(greeting="Greet.")
    async with faulty_endpoint() as endpoint:
        yield CallDesk(
            route=route or (lambda _: setup),
            endpoint=Endpoint(endpoint.url, "gpt-realtime"),
            observer=told,
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )


async def test_a_call_no_plan_wants_is_not_found_and_on_record(tmp_path: Path) -> None:
    told, far_end = Told(), FarEnd()
    async with desk(tmp_path, told, route=lambda _: None) as taking:
        taking.incoming(far_end.leg)
        assert far_end.sent == [404]
        assert taking.calls == {}
    invite = far_end.leg.invite
    refused = Termination(Result.REFUSED, Reason.NO_ROUTE, sip_status=404)
    (offered, ended) = [fact for _, fact in told.facts]
    call_id, _ = told.facts[0]
    keys = route_keys(invite, call_id, 0.0, ())
    assert keys.called == "desk"
    assert offered == facts.CallOffered(
        "incoming", invite.sip_call_id, "desk", "+4930123456", invite.source_address, keys=keys
    )
    assert ended == facts.CallEnded(refused, 0)
    assert len({call_id for call_id, _ in told.facts}) == 1


async def test_a_call_its_plan_refuses_is_on_record_with_the_plan(tmp_path: Path) -> None:
    told, far_end = Told(), FarEnd()
    async with desk(tmp_path, told, route=lambda _: RefuseCall("fax", 488)) as taking:
        taking.incoming(far_end.leg)
        assert far_end.sent == [488]
        assert taking.calls == {}
    refused = Termination(Result.REFUSED, Reason.PLAN_REFUSED, sip_status=488)
    assert [fact for _, fact in told.facts[1:]] == [
        facts.CallRouted("fax", ""),
        facts.CallEnded(refused, 0),
    ]


async def test_an_emergency_call_is_refused_so_that_somebody_else_takes_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told, far_end = Told(), FarEnd()
    async with desk(tmp_path, told, route=lambda _: RefuseEmergency()) as taking:
        taking.incoming(far_end.leg)
        assert far_end.sent == [503]
        assert [name for name, _ in far_end.headers] == ["Warning"]
        assert taking.calls == {}
    refused = Termination(Result.REFUSED, Reason.EMERGENCY_NUMBER, sip_status=503)
    assert told.facts[-1][1] == facts.CallEnded(refused, 0)
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


async def test_a_call_for_somebody_else_is_told_whom_to_call(tmp_path: Path) -> None:
    told, far_end = Told(), FarEnd()
    async with desk(tmp_path, told, route=lambda _: ReferCall("old", "tel:+4930")) as taking:
        taking.incoming(far_end.leg)
        assert (far_end.sent, far_end.headers) == ([302], [("Contact", "<tel:+4930>")])
        assert taking.calls == {}
    sent = Termination(Result.REFUSED, Reason.REDIRECTED, "to tel:+4930", 302)
    assert [fact for _, fact in told.facts[1:]] == [
        facts.CallRouted("old", ""),
        facts.CallEnded(sent, 0),
    ]


async def test_a_call_is_routed_by_its_invite_and_kept_until_it_is_over(tmp_path: Path) -> None:
    told, far_end, asked = Told(), FarEnd(), list[CallKeys]()

    def route(keys: CallKeys) -> CallSetup:
        asked.append(keys)
        return call_setup(plan="night")

    async with desk(tmp_path, told, route) as taking:
        taking.incoming(far_end.leg)
        ((call_id, _), _) = told.facts
        assert asked == [route_keys(far_end.leg.invite, call_id, 0.0, ())]
        assert told.names() == ["CallOffered", "CallRouted"]
        assert told.facts[1][1] == facts.CallRouted("night", "Reception")
        (call_id,) = taking.calls
        await told.until(facts.CallAnswered)
        far_end.hangs_up()
        await taking.until_empty()
        assert taking.calls == {}
        assert {each for each, _ in told.facts} == {call_id}


async def test_all_calls_can_be_ended_at_once(tmp_path: Path) -> None:
    told, callers = Told(), [FarEnd(), FarEnd()]
    async with desk(tmp_path, told) as taking:
        for caller in callers:
            taking.incoming(caller.leg)
        await told.until(facts.CallAnswered, 2)
        taking.hang_up_all(Reason.SHUTDOWN)
        await taking.until_empty()
    assert [caller.sent[-1] for caller in callers] == ['BYE Q.850;cause=16;text="shutdown"'] * 2


class Broken(Told):
    """An observer that fails when a digit is pressed."""

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Note a fact, or fail."""
        super().tell(call_id, fact, at=at)
        if isinstance(fact, facts.DigitPressed):
            raise ZeroDivisionError


async def test_a_call_that_breaks_takes_no_other_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told, doomed, unharmed = Broken(), FarEnd(), FarEnd()
    async with desk(tmp_path, told) as taking, unharmed.clock():
        taking.incoming(doomed.leg)
        taking.incoming(unharmed.leg)
        await told.until(facts.CallAnswered, 2)
        doomed.presses("1")
        ended = await told.until(facts.CallEnded)
        assert ended.termination.reason is Reason.INTERNAL_ERROR
        assert "ended by a fault of ours" in caplog.text
        while len(taking.calls) > 1:
            await asyncio.sleep(0)
        await told.until(facts.AgentSoundStarted)  # the other one goes on
        unharmed.hangs_up()
        await taking.until_empty()
    ends = [fact.termination.result for _, fact in told.facts if isinstance(fact, facts.CallEnded)]
    assert ends == [Result.FAILED, Result.COMPLETED]
