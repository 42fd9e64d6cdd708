"""What a call says of itself: in matching, instructions, greeting and record, over real SIP."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import Dialog, sdp

from .appliance import appliance, write_files

TRUNK = """
[[sip.trunks]]
name = "pbx"
allow = ["127.0.0.1/32"]
trust_asserted_identity = true
"""

PLAN = """
name = "test"
[match]
called = "*"
asserted_caller = "+4930*"
diverted_from = "+4930555"
[session]
greeting = "Greet {{{{caller_name}}}}."
[[agents]]
name = "Agent"
instructions = "{{{{header:X-Customer}}}} calls as {{{{caller}}}} from {{{{asserted_caller}}}}."
"""

NAMED = b'From: "Ada L." <sip:+4915112@'
SENT_ON = (
    'P-Asserted-Identity: "Ada Lovelace" <sip:+493099@pbx.example.com;user=phone>, <tel:+493099>',
    "Diversion: <sip:+4930555@pbx.example.com>;reason=no-answer",
    'X-Customer: Northwind"} Ltd.',
)


async def test_a_call_is_known_by_what_its_exchange_says_of_it(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint:
        config = write_files(tmp_path, realtime_url=endpoint.url, plan=PLAN)
        config.write_text(config.read_text() + TRUNK)
        async with (
            appliance(tmp_path, config=config) as running,
            SipSocket(running.sip_port) as peer,
        ):
            invite = peer.request("INVITE", "c1", body=sdp(), headers=SENT_ON)
            peer.send(invite.replace(b"From: <sip:ada@", NAMED))
            caller = Dialog(peer)
            caller.cseq = 1
            await caller.accepted()
            await running.until(endpoint.asked, bool)
            caller.send("BYE", headers=('Reason: Q.850;cause=31;text="tired"',))
            await caller.response("BYE")
            (record,) = await running.until_records(1)
    assert (record["plan"], record["asserted_caller"]) == ("test", "+493099")
    assert (record["diverted_from"], record["reason"]) == ("+4930555", "caller_hung_up")
    assert 'Q.850;cause=31;text="tired"' in record["detail"]
    session = next(
        event["session"] for event in endpoint.received if event["type"] == "session.update"
    )
    assert session["instructions"] == ('"Northwind\') Ltd." calls as "+4915112" from "+493099".')
    assert endpoint.asked() == ['Greet "Ada L.".']
