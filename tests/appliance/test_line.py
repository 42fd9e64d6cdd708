"""A plan's ``[line]``, from its file to the telephone and back, with the embedded engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import Dialog, sdp
from tests.telephony.refund_call import heard

from .appliance import appliance
from .test_plans import told

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

FORMATS = "0 8 101"
EVENTS = "a=rtpmap:101 telephone-event/8000"
HELD_S = 0.2


async def test_a_caller_is_greeted_before_the_answer_and_after_a_hold(tmp_path: Path) -> None:
    async with appliance(tmp_path, realtime_url="embedded", plan=PLAN) as running:
        async with SipSocket(running.sip_port) as peer:
            caller = Dialog(peer)
            caller.send("INVITE", sdp(EVENTS, formats=FORMATS))
            await caller.accepted()
            await heard(running, "Good morning.")
            hold = sdp(EVENTS, "a=sendonly", formats=FORMATS, version=2)
            assert "a=recvonly" in await caller.updates(hold)
            await running.until(lambda: told(running, "CallHeld"), bool)
            await asyncio.sleep(HELD_S)
            assert "a=sendrecv" in await caller.updates(sdp(EVENTS, formats=FORMATS, version=3))
            await heard(running, "There you are.")
            caller.send("BYE")
            await caller.response("BYE")
        (record,) = await running.until_records(1)
        held = await running.series("sipagent_hold_seconds_count")
    assert record["codec"] == "PCMA"
    assert record["answer_ms"] > 500, "the greeting comes first"
    (hold,) = record["holds"]
    assert hold["held_ms"] >= 1_000 * HELD_S
    assert held == 1
    texts = [turn["heard"] for turn in record["turns"] if turn["who"] == "Agent"]
    assert texts == ["Good morning.", "There you are."]
    assert record["reason"] == "caller_hung_up" and record["errors"] == []
