"""Words an agent must not say are not heard by whoever is on the telephone."""

from __future__ import annotations

from pathlib import Path

from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance

PLAN = r"""
name = "test"
[match]
called = "{called}"
[session]
greeting = "say exactly: Good morning. With us you make a guaranteed profit, every single day."
ready_within_s = {ready_within_s}
guardrail_every_chars = 10
hold_until_checked = true
[fallback]
not_ready = "{when_not_ready}"
[[agents]]
name = "Broker"
instructions = "Be brief."
guardrails = ["promises"]
[[guardrails]]
name = "promises"
patterns = ['(guaranteed|sure|certain)\W+(profit|win)']
instead = "Say exactly: Of that I say nothing."
"""


@needs_sipp
async def test_a_blocked_answer_is_not_heard_and_another_one_is(tmp_path: Path) -> None:
    async with appliance(tmp_path, realtime_url="embedded", plan=PLAN) as running:
        async with Sipp("hangs_up", running.sip_port, tmp_path, pause_ms=6_000) as caller:
            await caller.succeeds()
        (record,) = await running.until_records(1)
        trips = await running.series('sipagent_guardrail_trips_total{guardrail="promises"')
    (blocked,) = record["blocked"]
    assert blocked["guardrail"] == "promises"
    assert blocked["heard_ms"] < 1_500  # "Good morning.", which had passed
    assert blocked["held_ms"] > 500
    assert trips == 1
    heard = [turn["heard"] for turn in record["turns"] if turn["who"] == "Broker"]
    assert not any("guaranteed" in text for text in heard)
    assert heard[-1] == "Of that I say nothing."
