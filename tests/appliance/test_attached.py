"""Calls that a provider answers: announced by webhook, decided by dialplan, attached to by id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
import pytest_asyncio

from benchmarks.provider import signed_webhook
from sipagent.ops.clock import unix_time

from .appliance import LOOK_AGAIN_S, Appliance
from .provider_calls import (
    ProviderCalls,
    attached_appliance,
    greeted,
    provider_calls,
    taken,
    until_ready_says,
)
from .test_api import asked, wanted

OTHER_SECRET = "whsec_b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCAwMTIzNDU="


Line: TypeAlias = tuple[ProviderCalls, Appliance]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Line]:
    """A provider, and an appliance that has its calls one after the other."""
    folder = tmp_path_factory.mktemp("line")
    async with provider_calls(folder) as calls, attached_appliance(calls) as running:
        yield calls, running


async def record_of(running: Appliance, realtime_call_id: str) -> dict[str, Any]:
    """Wait for the record of a call."""

    def found() -> list[dict[str, Any]]:
        return [each for each in running.records() if each["realtime_call_id"] == realtime_call_id]

    (record,) = await running.until(found, bool)
    return cast(dict[str, Any], record)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_call_is_accepted_greeted_served_steered_and_on_record(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = await greeted(calls)
    async with calls.observing(realtime_call_id) as observer:
        await observer.say("call:transfer_to_billing {}")
        await observer.until("session.updated", "Bills.")
        await observer.until("response.done", "completed")
        await observer.say("call:clock {}")
        await observer.until("conversation.item.done", "function_call_output", "noon")
        await observer.until("response.done", "completed")
        while (call := (await asked(running, "calls"))["calls"][0])["agent"] != "Billing":
            await asyncio.sleep(LOOK_AGAIN_S)  # facts are on their way
        assert (call["attached"], call["state"]) == (True, "talking")
        call_id = call["call_id"]
        assert await wanted(running, call_id, "mute", {"direction": "inbound"}) == 409
        assert await wanted(running, call_id, "handover", {"agent": "Reception"}) == 202
        await observer.until("session.updated")
        assert await wanted(running, call_id, "say", {"text": "Here we are again."}) == 202
        await observer.until("response.output_audio_transcript.done", "Here we are again.")
    leg.hang_up()
    record = await record_of(running, realtime_call_id)
    assert record["plan"] == "desk"
    assert record["agents"] == ["Reception", "Billing", "Reception"]
    assert [each["act"] for each in record["operator"]] == ["hand_over", "say"]
    assert (record["result"], record["reason"]) == ("completed", "caller_hung_up")
    assert f"<sip:{record['caller']}@" in dict(leg.sip_headers)["From"]
    assert record["turns"][0]["said"] == "Good day."
    assert [call["name"] for call in record["tool_calls"]] == ["clock"]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_agent_delegates_and_says_the_answer(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = await greeted(calls)
    async with calls.observing(realtime_call_id) as observer:
        await observer.say('call:delegate {"request": "May they?"}')
        await observer.until("conversation.item.done", "function_call_output", "echo May they?")
        await observer.until("response.output_audio_transcript.done", "echo May they?")
    leg.hang_up()
    record = await record_of(running, realtime_call_id)
    (call,) = record["tool_calls"]
    assert (call["name"], call["output"]) == ("delegate", "echo May they?")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_agent_hangs_up_through_the_provider(line: Line) -> None:
    calls, running = line
    _, realtime_call_id = await greeted(calls)
    async with calls.observing(realtime_call_id) as observer:
        await observer.say("call:hangup {}")
        record = await record_of(running, realtime_call_id)
    assert (record["result"], record["reason"]) == ("completed", "agent_hung_up")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_agent_transfers_through_the_provider(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = await greeted(calls)
    async with calls.observing(realtime_call_id) as observer:
        await observer.say('call:transfer_call {"target": "operator"}')
        await observer.until("conversation.item.done", "function_call_output")
    leg.hang_up()  # as a caller does who was sent elsewhere
    record = await record_of(running, realtime_call_id)
    assert leg.referred_to == ["sip:operator@127.0.0.1:5998"]
    assert (record["result"], record["reason"]) == ("completed", "transferred")


@pytest.mark.asyncio(loop_scope="module")
async def test_plans_refuse_and_refer_and_a_call_without_plan_is_not_found(line: Line) -> None:
    calls, _ = line
    closed, elsewhere, nobody = (calls.new_leg(each) for each in ("closed", "elsewhere", "nobody"))
    for leg, realtime_call_id in (closed, elsewhere, nobody):
        assert await calls.announce(leg, realtime_call_id) == 200
        await calls.decided(realtime_call_id)
    assert closed[0].status_code == 480
    assert elsewhere[0].referred_to == ["tel:+4930999"]
    assert nobody[0].status_code == 404


async def test_a_call_beyond_the_limit_is_busy(tmp_path: Path) -> None:
    async with provider_calls(tmp_path) as calls, attached_appliance(calls, max_calls=1) as running:
        await taken(calls)
        leg, realtime_call_id = calls.new_leg()
        await calls.announce(leg, realtime_call_id)
        await calls.decided(realtime_call_id)
        assert leg.status_code == 486
        await until_ready_says(running, "all attached calls are in use")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_webhook_that_comes_again_makes_no_second_session(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = calls.new_leg()
    for webhook_id in ("wh_1", "wh_1", "wh_2"):
        assert await calls.announce(leg, realtime_call_id, webhook_id=webhook_id) == 200
    await calls.decided(realtime_call_id)
    async with calls.observing(realtime_call_id) as observer:
        await calls.announce(leg, realtime_call_id, webhook_id="wh_3")
        await observer.say("say:Still here.")
        await observer.until("output_audio_buffer.stopped")
    leg.hang_up()
    await record_of(running, realtime_call_id)
    assert await calls.announce(leg, realtime_call_id, webhook_id="wh_4") == 200
    other, other_call_id = await taken(calls)  # what came before it has been dealt with
    other.hang_up()
    await record_of(running, other_call_id)
    record = await record_of(running, realtime_call_id)  # the one there is
    said = [turn["said"] for turn in record["turns"] if turn["who"] == "Reception"]
    assert said.count("Good day.") == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_forged_webhook_makes_none(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = calls.new_leg()
    assert await calls.announce(leg, realtime_call_id, secret=OTHER_SECRET) == 401
    stale = signed_webhook(leg, realtime_call_id, now=unix_time() - 400)
    assert await calls.post(stale) == 401
    other, other_call_id = await taken(calls)
    assert leg.events.empty()
    _, metrics = await running.get("/metrics")
    assert 'sipagent_webhooks_total{outcome="bad_signature"} 1.0' in metrics
    assert 'sipagent_webhooks_total{outcome="too_old"} 1.0' in metrics
    other.hang_up()
    await record_of(running, other_call_id)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_caller_who_hung_up_before_the_webhook_came_is_on_record(line: Line) -> None:
    calls, running = line
    leg, realtime_call_id = calls.new_leg()
    leg.hang_up()
    await calls.decided(realtime_call_id)
    assert await calls.announce(leg, realtime_call_id) == 200
    record = await record_of(running, realtime_call_id)
    assert (record["result"], record["reason"]) == ("abandoned", "caller_cancelled")
