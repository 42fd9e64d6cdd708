"""Words an agent must not say are not heard by whoever is on the telephone."""

from __future__ import annotations

from pathlib import Path

from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import Dialog, sdp
from tests.telephony.refund_call import heard

from .appliance import Appliance, appliance, write_files

INSTEAD = "Of that I say nothing."

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


async def call(running: Appliance) -> None:
    """Call, and hang up once the other answer was heard."""
    async with SipSocket(running.sip_port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        await caller.accepted()
        await heard(running, INSTEAD)
        caller.send("BYE")
        await caller.response("BYE")


async def test_a_blocked_answer_is_not_heard_and_another_one_is(tmp_path: Path) -> None:
    async with appliance(tmp_path, realtime_url="embedded", plan=PLAN) as running:
        await call(running)
        (record,) = await running.until_records(1)
        trips = await running.series('sipagent_guardrail_trips_total{guardrail="promises"')
    (blocked,) = record["blocked"]
    assert blocked["guardrail"] == "promises"
    assert blocked["heard_ms"] < 1_500  # "Good morning.", which had passed
    assert blocked["held_ms"] > 500
    assert trips == 1
    texts = [turn["heard"] for turn in record["turns"] if turn["who"] == "Broker"]
    assert not any("guaranteed" in text for text in texts)
    assert texts[-1] == INSTEAD


JUDGED = """
name = "test"
[match]
called = "agent"
[session]
script = "desk"
greeting = "Greet."
guardrail_every_chars = 10000
hold_until_checked = true
[[agents]]
name = "Broker"
instructions = "Be brief."
guardrails = ["promises"]
[[guardrails]]
name = "promises"
instead = "Say exactly: Of that I say nothing."
[guardrails.judge]
instructions = "Nobody must be promised profit."
timeout_s = 20
"""
DESK = """
[[agents]]
name = "Broker"
greeting = "With us you will be rich."
otherwise = ["Sorry?"]
[[agents]]
name = "Judge"
greeting = "allowed"
otherwise = ["allowed"]
[[agents.rules]]
heard = ["with us you will be rich"]
say = "blocked: it promises profit"
"""


async def test_what_a_judge_blocks_is_not_heard(tmp_path: Path) -> None:
    config = write_files(tmp_path, realtime_url="embedded")
    (tmp_path / "plans" / "test.toml").write_text(JUDGED)
    (tmp_path / "plans" / "desk.script.toml").write_text(DESK)
    async with appliance(tmp_path, config=config) as running:
        await call(running)
        (record,) = await running.until_records(1)
    (blocked,) = record["blocked"]
    assert (blocked["guardrail"], blocked["heard_ms"]) == ("promises", 0)
    assert [turn["heard"] for turn in record["turns"] if turn["heard"]] == [INSTEAD]
