"""The desk of attached calls: which call is taken, once, and which are taken up again."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.calls import facts
from sipagent.calls.journal import AttachedState
from sipagent.calls.setup import CallDecision, ReferCall, RefuseCall, RefuseEmergency
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.dialplan.call_keys import CallKeys
from sipagent.errors import CallGone, JournalError, SessionRejected

from .attached import HEADERS, RECEIVED_AT, Provider, entry, provider
from .talk import call_setup

ALIVE = AttachedState.ACCEPTED
SAID = {
    "item_id": "u1",
    "type": "message",
    "role": "user",
    "status": "completed",
    "content": [{"type": "input_audio", "transcript": "Hello?"}],
}


def alive(realtime_call_id: str = "rtc_1", **changes: Any) -> Any:
    """Return a call that a process before accepted."""
    known = {"state": ALIVE, "call_id": "c1", "plan": "desk", "agent": "Reception"}
    return entry(realtime_call_id, **(known | changes))


async def refused(running: Provider) -> Termination:
    """Look, and return how the call was refused."""
    await running.desk.look()
    await running.desk.until_empty()
    end = await running.told.until(facts.CallEnded)
    assert running.endpoint.attempts == 0
    assert running.state() is AttachedState.ENDED
    assert running.desk.calls == {}
    return end.termination


@pytest.mark.parametrize(
    ("decision", "request_", "end"),
    [
        (None, ("reject", "rtc_1", 404), (Reason.NO_ROUTE, "", 404)),
        (RefuseEmergency(), ("reject", "rtc_1", 503), (Reason.EMERGENCY_NUMBER, "", 503)),
        (RefuseCall("night", 480), ("reject", "rtc_1", 480), (Reason.PLAN_REFUSED, "", 480)),
        (
            ReferCall("night", "sip:n@x"),
            ("refer", "rtc_1", "sip:n@x"),
            (Reason.REDIRECTED, "to sip:n@x", 302),
        ),
    ],
)
async def test_a_call_its_plan_does_not_take_gets_what_the_plan_says(
    decision: CallDecision | None, request_: tuple[str, str, Any], end: tuple[Reason, str, int]
) -> None:
    async with provider(entry(), route=lambda _: decision) as running:
        assert await refused(running) == Termination(Result.REFUSED, *end)
        assert running.connector.requests == [request_]


async def test_a_call_that_comes_while_draining_is_refused() -> None:
    async with provider(entry()) as running:
        running.desk.drain()
        assert await refused(running) == Termination(Result.REFUSED, Reason.DRAINING, "", 503)
        assert running.connector.requests == [("reject", "rtc_1", 503)]


async def test_draining_leaves_the_calls_there_are_alone() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        running.desk.drain()
        await running.endpoint.say({"type": "output_audio_buffer.started", "response_id": "r"})
        assert len(running.desk.calls) == 1


async def test_a_call_more_than_there_is_room_for_is_busy() -> None:
    async with provider(entry("rtc_1"), entry("rtc_2"), most_calls=1) as running:
        await running.desk.look()
        end = (await running.told.until(facts.CallEnded)).termination
        assert end == Termination(Result.REFUSED, Reason.BUSY, "", 486)
        await running.connector.until("reject")
        assert ("reject", "rtc_2", 486) in running.connector.requests
        assert [each.realtime_call_id for each in running.desk.calls.values()] == ["rtc_1"]


async def test_there_is_room_again_when_a_call_is_over() -> None:
    async with provider(entry("rtc_1"), most_calls=1) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.endpoint.leave(1000, "")
        await running.desk.until_empty()
        running.journal.entries["rtc_2"] = entry("rtc_2")
        await running.desk.look()
        await running.told.until(facts.SessionOpened, 2)


async def test_a_caller_who_is_gone_before_the_refusal_was_refused_all_the_same() -> None:
    async with provider(entry(), route=lambda _: None) as running:
        running.connector.failures["reject"] = CallGone("no such call")
        assert (await refused(running)).reason is Reason.NO_ROUTE


async def test_a_refusal_the_provider_does_not_take_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with provider(entry(), route=lambda _: None) as running:
        running.connector.failures["reject"] = SessionRejected("no", status=500)
        assert (await refused(running)).reason is Reason.NO_ROUTE
        assert "could not be refused" in caplog.text


async def test_a_call_is_routed_by_the_headers_of_its_invite() -> None:
    asked: list[CallKeys] = []

    def route(keys: CallKeys) -> CallDecision | None:
        asked.append(keys)
        return None

    async with provider(entry(), route=route) as running:
        await running.desk.look()
    (keys,) = asked
    assert (keys.called, keys.caller, keys.headers) == (
        "desk",
        "+4930123456",
        HEADERS,
    )


async def test_calls_are_taken_in_the_order_of_their_webhooks() -> None:
    waiting = [entry(f"rtc_{number}") for number in range(5)]
    async with provider(*waiting) as running:
        await running.desk.look()
        started = [each.realtime_call_id for each in running.desk.calls.values()]
        assert started == [each.realtime_call_id for each in waiting]


async def test_a_call_is_taken_once_however_often_the_journal_is_read() -> None:
    async with provider(entry()) as running:
        running.connector.may_accept.clear()  # the journal goes on saying that it waits
        await asyncio.gather(*(running.desk.look() for _ in range(5)))
        await running.desk.look()
        await running.desk.resume()
        running.connector.may_accept.set()
        await running.told.until(facts.SessionOpened)
        await running.desk.look()
        await running.desk.resume()
        assert running.connector.kinds() == ["accept"]
        assert running.endpoint.attempts == 1
        assert len(running.desk.calls) == 1


async def test_a_call_that_is_over_is_not_taken_again_if_its_webhook_is() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.endpoint.leave(1000, "")
        await running.desk.until_empty()
        running.journal.entries["rtc_1"] = entry()
        await running.desk.look()
        assert running.desk.calls == {}
        assert running.connector.kinds() == ["accept"]


async def test_a_call_that_waited_too_long_is_not_accepted() -> None:
    async with provider(entry()) as running:
        running.wall_now = RECEIVED_AT + 601
        end = await refused(running)
        assert (end.result, end.reason, end.sip_status) == (
            Result.ABANDONED,
            Reason.CALLER_CANCELLED,
            487,
        )
        assert running.connector.requests == []


async def test_a_call_that_waited_for_almost_too_long_is() -> None:
    async with provider(entry()) as running:
        running.wall_now = RECEIVED_AT + 599
        await running.desk.look()
        await running.told.until(facts.SessionOpened)


async def test_a_long_call_is_not_ended_for_its_age_though_the_journal_missed_its_accept() -> None:
    async with provider(entry()) as running:
        running.journal.is_broken = True
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        running.journal.is_broken = False
        running.wall_now += 3_600
        await running.desk.look()
        await running.desk.look()
        assert len(running.desk.calls) == 1
        assert running.told.names().count("CallOffered") == 1


async def test_an_end_that_could_not_be_noted_is_noted_later_and_told_once() -> None:
    async with provider(entry()) as running:
        running.journal.is_broken = True
        running.connector.failures["accept"] = CallGone("no such call")
        await running.desk.look()
        await running.desk.until_empty()
        assert running.state() is AttachedState.NEW
        running.wall_now += 3_600
        await running.desk.look()
        await running.desk.look()
        running.journal.is_broken = False
        await running.desk.look()
        await running.desk.until_empty()
        assert running.state() is AttachedState.ENDED
        assert running.told.names().count("CallEnded") == 1


async def test_ids_of_calls_are_not_kept_for_ever() -> None:
    async with provider(entry(), route=lambda _: None) as running:
        await running.desk.look()
        await running.desk.until_empty()
        running.wall_now += 601
        await running.desk.look()
        assert len(running.desk._taken) == 0


async def test_a_journal_that_cannot_be_read_is_told_to_who_looks() -> None:
    async def broken() -> list[Any]:
        raise JournalError("no such file")

    async with provider(entry()) as running:
        running.journal.waiting = broken  # type: ignore[method-assign]
        with pytest.raises(JournalError):
            await running.desk.look()
        del running.journal.waiting
        await running.desk.look()
        await running.told.until(facts.SessionOpened)


async def test_what_an_accept_refuses_is_said_once_a_plan(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    detection = {"type": "server_vad", "threshold": 0.6}
    setup = call_setup(session={"turn_detection": detection})
    async with provider(entry("rtc_1"), entry("rtc_2"), route=lambda _: setup) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened, 2)
    assert caplog.text.count("plan desk: attached calls go without threshold") == 1


async def test_all_calls_can_be_ended_at_once() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        running.desk.hang_up_all(Reason.SHUTDOWN)
        await running.desk.until_empty()
        assert running.connector.kinds() == ["accept", "hangup"]
        assert running.state() is AttachedState.ENDED


async def test_a_call_whose_accept_is_under_way_is_ended_when_that_is_known() -> None:
    async with provider(entry()) as running:
        running.connector.may_accept.clear()
        await running.desk.look()
        await running.connector.until("accept")
        running.desk.hang_up_all(Reason.SHUTDOWN)
        running.connector.may_accept.set()
        end = await running.told.until(facts.CallEnded)
        assert end.termination.reason is Reason.SHUTDOWN
        assert running.connector.kinds() == ["accept", "hangup"]
        assert running.endpoint.attempts == 0


async def test_a_call_that_is_let_go_lives_on_at_the_provider_and_in_the_journal() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        running.desk.detach_all()
        await running.desk.until_empty()
        assert running.connector.kinds() == ["accept"]
        assert await running.endpoint.is_left() == 1000
        noted = running.journal.entries["rtc_1"]
        assert (noted.state, noted.agent) == (ALIVE, "Reception")
        assert "CallEnded" not in running.told.names()


async def test_a_call_let_go_during_its_accept_is_in_the_journal_too() -> None:
    async with provider(entry()) as running:
        running.connector.may_accept.clear()
        await running.desk.look()
        await running.connector.until("accept")
        running.desk.detach_all()
        running.connector.may_accept.set()
        await running.desk.until_empty()
        assert running.state() is ALIVE
        assert running.endpoint.attempts == 0


async def test_a_call_let_go_is_taken_up_by_the_next_desk_with_the_same_id() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.endpoint.has_received("response.create")
        (call_id,) = running.desk.calls
        running.desk.detach_all()
        await running.desk.until_empty()
        running.desk = running.new_desk()
        await running.desk.resume()
        await running.told.until(facts.SessionOpened, 2)
        assert list(running.desk.calls) == [call_id]
        assert running.endpoint.types() == ["response.create", "session.update"]  # not greeted
        assert running.endpoint.requests[1].path == "/v1/realtime?call_id=rtc_1"
        await running.endpoint.leave(1000, "")
        end = await running.told.until(facts.CallEnded)
        assert end.extra == {"resumed": "true"}
        assert running.connector.kinds() == ["accept"]
        await running.desk.until_empty()
        assert running.state() is AttachedState.ENDED


async def test_a_call_taken_up_again_goes_on_with_its_agent_and_its_history() -> None:
    billing = RealtimeAgent("Billing", instructions="You are billing.")
    reception = RealtimeAgent("Reception", handoffs=[billing])
    setup = call_setup(agent=reception, others=(billing,), greeting="Greet.")
    known = alive(agent="Billing", history=(SAID,))
    async with provider(known, route=lambda _: setup) as running:
        await running.desk.resume()
        (update,) = await running.endpoint.has_received("session.update")
        assert update["session"]["instructions"] == "You are billing."
        await running.told.until(facts.SessionOpened)
        routed = await running.told.until(facts.CallRouted)
        assert routed == facts.CallRouted("desk", "Billing")
        await running.journal.until(lambda: running.journal.saves > 0)
        noted = running.journal.entries["rtc_1"]
        assert noted.agent == "Billing"
        assert [each["item_id"] for each in noted.history] == ["u1"]


async def test_a_call_taken_up_again_lasts_no_longer_than_its_plan_allows() -> None:
    async with provider(alive()) as running:
        running.wall_now = RECEIVED_AT + 3_600
        await running.desk.resume()
        end = await running.told.until(facts.CallEnded)
        assert end.termination.reason is Reason.TIME_LIMIT
        assert end.duration_ms >= 3_600_000


@pytest.mark.parametrize("agent", ["Nobody", ""])
async def test_a_call_whose_agent_is_gone_goes_on_with_the_first(agent: str) -> None:
    async with provider(alive(agent=agent)) as running:
        await running.desk.resume()
        routed = await running.told.until(facts.CallRouted)
        assert routed == facts.CallRouted("desk", "Reception")
        await running.told.until(facts.SessionOpened)


async def test_a_call_whose_plan_is_gone_is_hung_up(caplog: pytest.LogCaptureFixture) -> None:
    async with provider(alive(plan="night")) as running:
        await running.desk.resume()
        await running.desk.until_empty()
        assert running.connector.requests == [("hangup", "rtc_1", None)]
        assert running.state() is AttachedState.ENDED
        assert "plan night is gone" in caplog.text
        end = await running.told.until(facts.CallEnded)
        assert end.termination.result is Result.FAILED
        assert (end.duration_ms > 0, end.extra) == (True, {"resumed": "true"})
        assert running.endpoint.attempts == 0


async def test_a_call_that_ended_while_nobody_was_attached_is_on_record() -> None:
    async with provider(alive()) as running:
        running.endpoint.fault, running.endpoint.refusal = "refuse", HTTPStatus.NOT_FOUND
        await running.desk.resume()
        await running.desk.until_empty()
        end = await running.told.until(facts.CallEnded)
        assert end.termination.reason is Reason.CALLER_HUNG_UP
        assert end.extra == {"resumed": "true"}
        assert running.state() is AttachedState.ENDED
        assert running.connector.requests == []


async def test_calls_are_taken_up_again_also_if_there_are_more_than_there_is_room_for() -> None:
    async with provider(alive("rtc_1"), alive("rtc_2", call_id="c2"), most_calls=1) as running:
        await running.desk.resume()
        await running.told.until(facts.SessionOpened, 2)
        assert sorted(running.desk.calls) == ["c1", "c2"]
