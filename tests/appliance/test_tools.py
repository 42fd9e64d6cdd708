"""What agents do without a line of Python, on a real call: the caller presses keys."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import orjson

from sipagent.audio.frames import silence
from tests.agents.mcp_library import Library, over_http
from tests.fakes.http_server import http_server
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import Appliance, appliance, write_files
from .test_keypad import listens, packets

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
tools = ["order_status", "refund", "take_message", "hangup"]
mcp = ["books", "dead"]
[message]
url = "URL/inbox"
headers = { Authorization = "Bearer {{secret:TOKEN}}" }
[[mcp]]
name = "books"
url = "MCP"
allow = ["find_book"]
[[mcp]]
name = "dead"
url = "http://127.0.0.1:9/mcp"
[[tools]]
name = "order_status"
description = "Look up an order."
[tools.http]
url = "URL/orders/{number}"
headers = { Authorization = "Bearer {{secret:TOKEN}}", X-Caller = "{{caller}}" }
answer = "$.order.status"
[tools.parameters.number]
pattern = "[a-z ]+"
[[tools]]
name = "refund"
description = "Give money back."
needs_approval = true
[tools.http]
method = "POST"
url = "URL/refunds"
body = { order = "{number}" }
[tools.parameters.number]
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
heard = ["the caller pressed two on the keypad"]
call = "refund"
arguments = { number = "four five six" }
[[agents.rules]]
heard = ["the caller pressed three on the keypad"]
call = "find_book"
arguments = { title = "Emma" }
[[agents.rules]]
heard = ["the caller pressed four on the keypad"]
call = "take_message"
arguments = { text = "Call back." }
[[agents.rules]]
heard = ["the caller pressed nine on the keypad"]
call = "hangup"
"""


def config(folder: Path, url: str, mcp_port: int) -> Path:
    plans = folder / "plans"
    plans.mkdir()
    (plans / "shop.script.toml").write_text(SCRIPT)
    (plans / "token.key").write_text("t0psecret\n")
    file = write_files(folder, realtime_url="embedded")
    (plans / "test.toml").write_text(
        PLAN.replace("URL", url).replace("MCP", f"http://127.0.0.1:{mcp_port}/mcp")
    )
    return file


async def approves(running: Appliance, caller: RtpPeer) -> None:
    """Let a person allow what the agent asks for; the caller waits meanwhile."""
    to = await caller.destination()
    url = f"http://127.0.0.1:{running.http_port}/api/v1/approvals"
    async with aiohttp.ClientSession() as person:
        while True:
            async with person.get(url) as response:
                waiting = (await response.json())["approvals"]
            if waiting:
                break
            await caller.send(packets(silence(5 * 160)), to)
        (asked,) = waiting
        assert (asked["tool"], asked["agent"]) == ("refund", "Shop")
        decided = person.post(f"{url}/{asked['id']}", json={"approve": True})
        async with decided as response:
            assert response.status == 200


@needs_sipp
async def test_agents_do_what_their_plan_gives_them(tmp_path: Path) -> None:
    with over_http(Library()) as mcp_port:
        await calls(tmp_path, mcp_port)


async def calls(tmp_path: Path, mcp_port: int) -> None:
    async with (
        http_server() as server,
        appliance(tmp_path, config=config(tmp_path, server.url, mcp_port)) as running,
        RtpPeer() as caller,
        Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        server.answer("orders", json={"order": {"status": "on its way to t0psecret"}})
        to = await caller.destination()
        await caller.press("1", to)
        await listens(running, caller, "ToolCalled")
        server.answer("refunds", status=204)
        await caller.press("2", to)
        await approves(running, caller)
        await listens(running, caller, "ToolCalled", 2)
        await caller.press("3", to)
        await listens(running, caller, "ToolCalled", 3)
        server.answer("inbox", status=204)
        await caller.press("4", to)
        await listens(running, caller, "ToolCalled", 4)
        await caller.press("9", to)
        await listens(running, caller, "ToolCalled", 5)
        await sipp.succeeds()
        (record,) = await running.until_records(1)
        taken = await running.series("sipagent_messages_total")
        delivered = await running.until(lambda: len(server.asked), lambda asked: asked == 3)
    assert (taken, delivered) == (1, 3)
    asked, refunded, message = server.asked
    assert message.headers["Authorization"] == "Bearer t0psecret"
    assert [each["text"] for each in record["messages"]] == ["Call back."]
    assert orjson.loads(message.body)["call_id"] == record["call_id"]
    assert (refunded.method, refunded.path) == ("POST", "/refunds")
    assert orjson.loads(refunded.body) == {"order": "four five six"}
    assert asked.path == "/orders/four%20five%20six"
    assert asked.headers["Authorization"] == "Bearer t0psecret"
    assert asked.headers["X-Caller"]
    looked_up, done, found, *_ = record["tool_calls"]
    assert (found["name"], found["output"]) == ("find_book", "Emma is on shelf 7")
    assert [each["code"] for each in record["errors"]] == ["mcp_unavailable"]
    assert (done["name"], done["output"]) == ("refund", "Done.")
    assert looked_up["output"] == "on its way to [hidden]"
    for file in ("calls.jsonl", "timeline.jsonl", "log.txt"):
        assert "t0psecret" not in (tmp_path / file).read_text()
