"""Emergency calls: over real SIP."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import PLAN, appliance

pytestmark = needs_sipp

RESCUE = """
name = "rescue"
[match]
called = "110"
emergency = true
[refuse]
status = 488
"""


async def test_an_emergency_call_goes_to_the_plan_that_says_so_and_to_no_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "rescue.toml").write_text(RESCUE)
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, plan=PLAN, called="*") as running,
    ):
        for user, status in (("112", 503), ("110", 488)):
            async with Sipp(
                "is_refused", running.sip_port, tmp_path, status=status, user=user
            ) as caller:
                await caller.succeeds()
        first, second = await running.until_records(2)
        assert (first["result"], first["reason"]) == ("refused", "emergency_number")
        assert (first["called"], first["plan"], first["sip_status"]) == ("112", "", 503)
        assert (second["plan"], second["reason"]) == ("rescue", "plan_refused")
        assert endpoint.handshakes == 0
        refused = 'sipagent_calls_total{plan="none",reason="emergency_number",result="refused"}'
        assert await running.series(refused) == 1
    assert "EMERGENCY CALL to sip:112@" in (tmp_path / "log.txt").read_text()
