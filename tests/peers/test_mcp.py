"""The official JavaScript SDK has the engine call tools of an MCP server."""

from __future__ import annotations

import pytest

from .peer import PEER_TESTS, Json, Peer
from .recorder import Recorder

pytestmark = [*PEER_TESTS, pytest.mark.parametrize("program", ["js"], indirect=True)]

FORECAST = 'call:forecast {"city": "Bonn"}'


def weather(url: str, **options: str) -> Json:
    return {"serverLabel": "weather", "serverUrl": url, **options}


async def test_tools_are_listed_and_called(peer: Peer, wire: Recorder, mcp_url: str) -> None:
    await peer.connect(wire.url, mcp=weather(mcp_url, requireApproval="never"))
    await peer.until("mcp_tools", names=["forecast", "thunder"])
    peer.do("send_message", text=FORECAST)
    await peer.until("mcp_tool_end", tool="forecast", output="rain in Bonn")
    await peer.hears("rain in Bonn")
    assert peer.all("error") == []


async def test_a_tool_waits_for_approval(peer: Peer, wire: Recorder, mcp_url: str) -> None:
    await peer.connect(wire.url, mcp=weather(mcp_url, requireApproval="always"))
    await peer.until("mcp_tools")
    peer.do("send_message", text=FORECAST)
    asked = await peer.until("approval", tool="forecast")
    peer.do("approve", call_id=asked["call_id"], always=False)
    await peer.until("mcp_tool_end", tool="forecast", output="rain in Bonn")
    await peer.hears("rain in Bonn")
    assert peer.all("error") == []


async def test_a_rejected_tool_is_not_called(peer: Peer, wire: Recorder, mcp_url: str) -> None:
    await peer.connect(wire.url, mcp=weather(mcp_url, requireApproval="always"))
    await peer.until("mcp_tools")
    peer.do("send_message", text=FORECAST)
    asked = await peer.until("approval", tool="forecast")
    peer.do("reject", call_id=asked["call_id"], always=False, message=None)
    await wire.until("conversation.item.create", 2)
    (answer,) = [
        event["item"]
        for event in wire.of("conversation.item.create")
        if event["item"]["type"] == "mcp_approval_response"
    ]
    assert answer["approve"] is False
    # The SDK asks for words about the call itself; what is said before, they seem to answer.
    await peer.hears("The tool call was not approved.")
    await wire.until("response.done", 3)
    await peer.ask("say:Never mind.")
    await peer.hears("Never mind.")
    assert "rain" not in str(peer.history())


async def test_a_tool_that_fails_is_spoken_of(peer: Peer, wire: Recorder, mcp_url: str) -> None:
    await peer.connect(wire.url, mcp=weather(mcp_url, requireApproval="never"))
    await peer.until("mcp_tools")
    peer.do("send_message", text="call:thunder {}")
    await peer.until("mcp_tool_end", tool="thunder")
    await wire.until("response.done", 2)
    (failed,) = wire.of("response.mcp_call.failed")
    items = [event["item"] for event in wire.of("conversation.item.done")]
    (call,) = [item for item in items if item["id"] == failed["item_id"]]
    assert call["error"]["type"] == "tool_execution_error"
    assert peer.all("error") == []


async def test_a_server_that_is_not_there_costs_its_tools_only(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url, mcp=weather("http://127.0.0.1:9/mcp", requireApproval="never"))
    await wire.until("mcp_list_tools.failed")
    await peer.ask("say:No weather today.")
    await peer.hears("No weather today.")
    assert peer.all("mcp_tools") == []
