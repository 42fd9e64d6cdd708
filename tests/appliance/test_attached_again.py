"""Attached calls outlive the appliance: another one takes them up again."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quiet_leg import QuietLeg
from sipagent.ops.store.call_json import record_of
from sipagent.realtime.tool_desk import INTERRUPTED

from .provider_calls import (
    ProviderCalls,
    attached_appliance,
    greeted,
    provider_calls,
    taken,
    until_ready_says,
)
from .stored import calls_in

TOKENS_IN = (
    *("text_tokens_in", "audio_tokens_in", "cached_text_tokens_in", "cached_audio_tokens_in"),
)


async def goes_on_with_billing(calls: ProviderCalls, realtime_call_id: str) -> None:
    """Check that the present appliance serves a call, with the agent who spoke last."""
    async with calls.observing(realtime_call_id) as observer:
        await observer.say("call:clock {}")  # a tool of Billing alone
        await observer.until("conversation.item.done", "function_call_output", "noon")


async def with_billing(calls: ProviderCalls) -> tuple[QuietLeg, str]:
    """Return a call that was handed over to Billing."""
    leg, realtime_call_id = await greeted(calls)
    async with calls.observing(realtime_call_id) as observer:
        await observer.say("call:transfer_to_billing {}")
        await observer.until("session.updated", "Bills.")
        await observer.until("output_audio_buffer.stopped")
    return leg, realtime_call_id


async def test_calls_outlive_an_appliance_that_is_killed(tmp_path: Path) -> None:
    async with provider_calls(tmp_path) as calls:
        async with attached_appliance(calls) as running:
            leg, realtime_call_id = await with_billing(calls)
            assert running.process is not None
            running.process.kill()
            await running.process.wait()
        async with attached_appliance(calls) as running:
            await until_ready_says(running, '"attached_calls": 1')
            await goes_on_with_billing(calls, realtime_call_id)
            leg.hang_up()
            (record,) = await running.until_records(1)
    assert record["agents"] == ["Reception", "Billing"]
    assert record["extra"] == {"resumed": "true"}
    assert record["realtime_call_id"] == realtime_call_id
    (call,) = await calls_in(tmp_path)  # one, from its beginning to its end, and so is its line
    assert (call["is_open"], len(call["legs"])) == (False, 1)
    assert call["input_tokens"] == sum(call["tokens"][kind] for kind in TOKENS_IN) > 0
    assert record == record_of(call)
    assert {turn["who"] for turn in record["turns"]} == {"Reception", "Billing"}


async def test_an_agent_goes_on_after_a_tool_that_was_killed_with_the_appliance(
    tmp_path: Path,
) -> None:
    async with provider_calls(tmp_path) as calls:
        async with attached_appliance(calls) as running:
            leg, realtime_call_id = await with_billing(calls)
            async with calls.observing(realtime_call_id) as observer:
                await observer.say("call:search {}")
                await observer.until("response.done", "completed")
                await calls.has_journaled("'name': 'search'")
            assert running.process is not None
            running.process.kill()
            await running.process.wait()
        async with (
            calls.observing(realtime_call_id) as observer,
            attached_appliance(calls) as again,
        ):
            await observer.until("conversation.item.done", "function_call_output", INTERRUPTED)
            await observer.until("output_audio_buffer.stopped")
            leg.hang_up()
            (record,) = await again.until_records(1)
    turn = record["turns"][-1]
    assert turn["who"] == "Billing"
    assert turn["said"]


async def test_calls_outlive_a_stop_if_they_are_to(tmp_path: Path) -> None:
    async with provider_calls(tmp_path) as calls:
        async with attached_appliance(calls, on_stop="detach"):
            leg, realtime_call_id = await with_billing(calls)
        assert calls.provider.calls.call(realtime_call_id)
        async with attached_appliance(calls, on_stop="hang_up") as running:
            await until_ready_says(running, '"attached_calls": 1')
            await goes_on_with_billing(calls, realtime_call_id)
        (record,) = await running.until_records(1)
    assert record["reason"] == "shutdown"
    assert leg.status_code == 0


async def test_a_caller_who_went_meanwhile_is_not_attached_to(tmp_path: Path) -> None:
    async with provider_calls(tmp_path) as calls:
        async with attached_appliance(calls, on_stop="detach"):
            leg, realtime_call_id = await taken(calls)
        leg.hang_up()
        async with attached_appliance(calls) as running:
            (record,) = await running.until_records(1)
            assert record["realtime_call_id"] == realtime_call_id
            await taken(calls)
