"""Calls that an exchange hands on, as a plan allows it: REFER followed, INVITE with Replaces."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.scripted_endpoint import scripted_endpoint
from tests.telephony.datagrams import SipSocket, tag_of
from tests.telephony.dialog import Dialog, sdp

from .appliance import PLAN, appliance
from .test_plans import told

TABLE = """
[transfer]
accept_refer = "follow"
accept_replaces = true
refer_targets = ["sip:bob@127.0.0.1:*"]
"""


async def test_a_plan_lets_its_calls_be_handed_on(tmp_path: Path) -> None:
    async with (
        scripted_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, plan=PLAN + TABLE) as running,
        SipSocket(running.sip_port) as ada,
        SipSocket(running.sip_port) as bob,
        SipSocket(running.sip_port) as eve,
    ):
        caller = Dialog(ada)
        caller.send("INVITE", sdp())
        await caller.accepted()
        await caller.offers(sdp("a=sendonly", version=2))  # who transfers holds first
        caller.send("REFER", headers=(f"Refer-To: <sip:carol@127.0.0.1:{bob.port}>",))
        assert (await caller.response("REFER")).startswith("SIP/2.0 603 ")
        caller.send("REFER", headers=(f"Refer-To: <sip:bob@127.0.0.1:{bob.port}>",))
        assert (await caller.response("REFER")).startswith("SIP/2.0 202 ")
        invite = await Dialog(bob).asked("INVITE")
        bob.reply(invite, "200 OK", body=sdp())
        await caller.hung_up()
        await running.until(lambda: told(running, "CallResumed"), bool)
        (bobs,) = await running.until(lambda: told(running, "PeerChanged"), bool)
        ours = next(line for line in invite.split("\r\n") if line.startswith("From:"))
        tags = f"to-tag={tag_of(ours.replace('From:', 'To:'))};from-tag=2"
        replaces = (f"Replaces: {bobs['sip_call_id']};{tags}",)
        other = Dialog(eve, "c2")
        other.send("INVITE", sdp(), headers=replaces)
        await other.accepted()
        await Dialog(bob).hung_up()
        other.send("BYE")
        await other.response("BYE")
        (record,) = await running.until_records(1)
    changed = [each["caller"] for each in told(running, "PeerChanged")]
    assert (changed, record["reason"]) == (["bob", "ada"], "caller_hung_up")
    assert len(endpoint.requests) == 1  # one session for all of them
