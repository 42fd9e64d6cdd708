"""The API on a real call: what it shows meanwhile, and what it does about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from tests.telephony.refund_call import decide, goodbye, heard, refund_line, until_asked
from tests.telephony.sipp import needs_sipp

from .appliance import Appliance

pytestmark = [needs_sipp]


async def asked(running: Appliance, path: str) -> dict[str, Any]:
    """Return what the API says."""
    status, text = await running.get(f"/api/v1/{path}")
    assert status == 200, text
    content: dict[str, Any] = orjson.loads(text)
    return content


async def test_a_call_is_followed_while_it_lasts(tmp_path: Path) -> None:
    async with refund_line(tmp_path) as (running, peer, caller):
        waiting = await until_asked(running)
        (call,) = (await asked(running, "calls"))["calls"]
        shown = await asked(running, f"calls/{call['call_id']}")
        assert (call["call_id"], call["state"], call["plan"]) == (
            waiting["call_id"],
            "talking",
            "refunds",
        )
        assert [tool["name"] for tool in call["tools"]] == ["delegate"]
        assert shown["transcript"][0]["who"] == "agent" and shown["transcript"][0]["heard"]
        await decide(running, waiting["id"], approve=True)
        await heard(running, "Order 1 2 3 is refunded")
        record = await goodbye(running, peer, caller)
        shown = await asked(running, f"calls/{call['call_id']}")
        assert (shown["state"], shown["reason"]) == ("ended", record["reason"])
        turns = [(turn["text"], turn["heard"]) for turn in shown["transcript"]]
        assert turns == [(turn["said"], turn["heard"]) for turn in record["turns"] if turn["said"]]
        assert shown["mos_in"] is not None
