"""A plan's ``[line]``, from its file to the telephone and back, with the embedded engine."""

from __future__ import annotations

from pathlib import Path

from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance

PLAN = """
name = "test"
[match]
called = "{called}"
[session]
greeting = "say exactly: Good morning."
ready_within_s = {ready_within_s}
turn_detection = {{ idle_timeout_ms = 5000 }}
[line]
codecs = ["PCMA", "PCMU"]
early_media = "greeting"
on_resume = "say exactly: There you are."
[fallback]
not_ready = "{when_not_ready}"
[[agents]]
name = "Agent"
instructions = "Be brief."
"""


@needs_sipp
async def test_a_caller_is_greeted_before_the_answer_and_after_a_hold(tmp_path: Path) -> None:
    async with appliance(tmp_path, realtime_url="embedded", plan=PLAN) as running:
        async with Sipp(
            "holds_by_update", running.sip_port, tmp_path, offer="0 8 101", pause_ms=1_700
        ) as caller:
            await caller.succeeds()
        (record,) = await running.until_records(1)
        held = await running.series("sipagent_hold_seconds_count")
    assert record["codec"] == "PCMA"
    assert record["answer_ms"] > 500, "the greeting comes first"
    (hold,) = record["holds"]
    assert hold["held_ms"] >= 1_500
    assert held == 1
    heard = [turn["heard"] for turn in record["turns"] if turn["who"] == "Agent"]
    assert heard == ["Good morning.", "There you are."]
    assert record["reason"] == "caller_hung_up" and record["errors"] == []
