"""What agents do without a line of Python, on a real call: the caller presses keys."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.http_server import http_server
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance, write_files
from .test_keypad import listens

PLAN = """
name = "test"
[match]
called = "agent"
[session]
script = "shop"
[keypad]
count = 1
[[agents]]
name = "Shop"
instructions = "Be brief."
tools = ["order_status", "hangup"]
[[tools]]
name = "order_status"
description = "Look up an order."
[tools.http]
url = "URL/orders/{number}"
headers = { Authorization = "Bearer {{secret:TOKEN}}", X-Caller = "{{caller}}" }
answer = "$.order.status"
[tools.parameters.number]
pattern = "[a-z ]+"
[secrets]
TOKEN = "token.key"
"""

SCRIPT = """
[[agents]]
name = "Shop"
greeting = "Hello."
otherwise = ["Sorry?"]
[[agents.rules]]
heard = ["the caller pressed one on the keypad"]
call = "order_status"
arguments = { number = "four five six" }
[[agents.rules]]
heard = ["the caller pressed nine on the keypad"]
call = "hangup"
"""


def config(folder: Path, url: str) -> Path:
    plans = folder / "plans"
    plans.mkdir()
    (plans / "shop.script.toml").write_text(SCRIPT)
    (plans / "token.key").write_text("t0psecret\n")
    file = write_files(folder, realtime_url="embedded")
    (plans / "test.toml").write_text(PLAN.replace("URL", url))
    return file


@needs_sipp
async def test_agents_do_what_their_plan_gives_them(tmp_path: Path) -> None:
    async with (
        http_server() as server,
        appliance(tmp_path, config=config(tmp_path, server.url)) as running,
        RtpPeer() as caller,
        Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        server.answer("orders", json={"order": {"status": "on its way to t0psecret"}})
        to = await caller.destination()
        await caller.press("1", to)
        await listens(running, caller, "ToolCalled")
        await caller.press("9", to)
        await listens(running, caller, "ToolCalled", 2)
        await sipp.succeeds()
        (record,) = await running.until_records(1)
    (asked,) = server.asked
    assert asked.path == "/orders/four%20five%20six"
    assert asked.headers["Authorization"] == "Bearer t0psecret"
    assert asked.headers["X-Caller"]
    (looked_up, _) = record["tool_calls"]
    assert looked_up["output"] == "on its way to [hidden]"
    for file in ("calls.jsonl", "timeline.jsonl", "log.txt"):
        assert "t0psecret" not in (tmp_path / file).read_text()
