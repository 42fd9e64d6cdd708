"""A caller waits while an agent works in writing: over real SIP, RTP and HTTP."""

from __future__ import annotations

from pathlib import Path

import orjson

from sipagent.calls.delegation_text import TOO_SLOW, UNREACHABLE
from tests.fakes.scripted_rest import Answer, scripted_rest

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .refund_call import (
    approvals,
    decide,
    goodbye,
    heard,
    key_in_an_order,
    press,
    refund_box,
    refund_line,
    until_asked,
)
from .rtp import RtpPeer
from .sipp import needs_sipp


@needs_sipp
async def test_a_refund_is_approved_through_the_api_and_the_answer_is_spoken(
    tmp_path: Path,
) -> None:
    async with refund_line(tmp_path) as (running, peer, caller):
        asked = await until_asked(running)
        assert (asked["plan"], asked["agent"]) == ("refunds", "Back office")
        assert (asked["tool"], orjson.loads(asked["arguments"])) == (
            "refund",
            {"order": "one two three"},
        )
        taken = {"id": asked["id"], "state": "approved"}
        assert await decide(running, asked["id"], approve=True) == (200, taken)
        assert (await decide(running, asked["id"], approve=True))[0] == 409
        assert await approvals(running) == []
        await heard(running, "Order 1 2 3 is refunded")
        await press(peer, "456")
        asked = await until_asked(running)
        rejected = {"id": asked["id"], "state": "rejected"}
        no = await decide(running, asked["id"], approve=False, message="That is too much.")
        assert no == (200, rejected)
        await heard(running, "That is too much.")
        record = await goodbye(running, peer, caller)
    assert asked["call_id"] == record["call_id"]
    outputs = [call["output"] for call in record["tool_calls"] if call["name"] == "delegate"]
    assert [output[:11] for output in outputs] == ["Order 1 2 3", "That is too"]
    spoken = [turn["heard"] for turn in record["turns"] if turn["who"] == "Refund line"]
    assert not any("moment" in text for text in spoken)  # the filler is nobody's words


async def test_a_caller_who_hangs_up_withdraws_the_question(tmp_path: Path) -> None:
    async with (
        refund_box(tmp_path) as running,
        RtpPeer() as peer,
        SipSocket(running.sip_port) as line,
    ):
        caller = Dialog(line)
        keys = "a=rtpmap:101 telephone-event/8000"
        caller.send("INVITE", sdp(keys, formats="0 101", port=peer.port))
        await caller.accepted()
        await key_in_an_order(peer)
        asked = await until_asked(running)
        caller.send("BYE")
        await running.until_records(1)
        assert await approvals(running) == []
        assert (await decide(running, asked["id"], approve=True))[0] == 409


@needs_sipp
async def test_a_backend_that_is_slow_or_dead_or_answers_nonsense_is_put_into_words_in_time(
    tmp_path: Path,
) -> None:
    limit_s = 2
    async with scripted_rest() as backend:
        backend.script = [Answer(-1), Answer(body=b"<html>It works!</html>"), Answer(0)]
        url = f"http://127.0.0.1:{backend.port}/v1"
        changes = {
            'model = "gpt-4.1"': f'model = "gpt-4.1"\nurl = "{url}"\ntransport = "chat"',
            "timeout_s = 120": f"timeout_s = {limit_s}",
        }
        async with refund_line(tmp_path, changes=changes) as (running, peer, caller):
            await heard(running, TOO_SLOW)
            await press(peer, "456")
            await heard(running, UNREACHABLE)
            await press(peer, "789")
            await heard(running, UNREACHABLE, times=2)
            record = await goodbye(running, peer, caller)
    assert (record["result"], record["reason"]) == ("completed", "agent_hung_up")
    calls = [call for call in record["tool_calls"] if call["name"] == "delegate"]
    assert [call["output"] for call in calls] == [TOO_SLOW, UNREACHABLE, UNREACHABLE]
    assert all(call["duration_ms"] < (limit_s + 1) * 1000 for call in calls)
