"""No agent for a caller: the apology, then somebody else, on real calls."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import PLAN, appliance
from .test_failures import voiced_s

DESK = "sip:desk@example.com"
SENT_ON = (
    PLAN.replace("[fallback]", '[fallback]\nlost = "transfer"\ntarget = "desk"')
    + f'[transfer.targets]\ndesk = "{DESK}"\n'
)


@needs_sipp
async def test_callers_without_an_agent_are_sent_on(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(
            tmp_path, realtime_url=endpoint.url, plan=SENT_ON, when_not_ready="transfer"
        ) as running,
    ):
        async with (
            RtpPeer() as lost,
            Sipp(
                "is_referred", running.sip_port, tmp_path, rtp_port=lost.port, target=DESK
            ) as call,
        ):
            await running.until(lambda: voiced_s(lost), lambda seconds: seconds >= 0.3)
            endpoint.fault = "refuse"
            endpoint.kill(0)
            await call.succeeds()
        async with (
            RtpPeer() as never,
            Sipp(
                "is_referred", running.sip_port, tmp_path, rtp_port=never.port, target=DESK
            ) as call,
        ):
            await call.succeeds()
        in_call, before = await running.until_records(2)
    assert voiced_s(never) > 0.7  # the apology, in words
    assert (in_call["reason"], before["reason"]) == ("session_lost", "session_refused")
    for record in (in_call, before):
        assert record["result"] == "failed"
        assert record["detail"].endswith("; the caller is transferred to desk")
        (transfer,) = record["transfers"]
        assert (transfer["target"], transfer["outcome"]) == ("desk", "completed")
