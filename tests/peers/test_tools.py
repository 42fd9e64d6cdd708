"""An official SDK runs the tools the engine calls, with and without leave to."""

from __future__ import annotations

from .peer import PEER_TESTS, Peer
from .recorder import Recorder

pytestmark = PEER_TESTS

NOT_APPROVED = "Tool execution was not approved."
FAILED = "An error occurred while running the tool. Please try again."
REFUND = 'call:refund {"euros": 5}'


async def test_a_tool_is_run_and_its_output_spoken(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text='call:opening_hours {"day": "monday"}')
    await peer.until("tool_start", tool="opening_hours", arguments={"day": "monday"})
    await peer.until("tool_end", tool="opening_hours", output="ten to two on monday")
    await peer.hears("ten to two on monday")
    assert wire.outputs() == ["ten to two on monday"]
    assert len(wire.of("response.create")) == 2
    assert peer.all("error") == []


async def test_tools_of_one_response_run_together(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text='calls:clock {} | opening_hours {"day": "monday"}')
    await peer.until("tool_end", tool="opening_hours")
    await peer.until("tool_end", tool="clock")
    await peer.hears("ten to two on monday")
    await peer.hears("noon")
    assert wire.outputs() == ["ten to two on monday", "noon"]
    assert peer.all("error") == []


async def test_a_tool_waits_for_approval(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text=REFUND)
    asked = await peer.until("approval", tool="refund")
    await wire.until("response.done")
    assert wire.outputs() == []
    peer.do("approve", call_id=asked["call_id"], always=False)
    await peer.hears("5 euros paid")
    peer.do("send_message", text=REFUND)
    await peer.until("approval", tool="refund")


async def test_a_tool_once_approved_for_good_is_not_asked_for_again(
    peer: Peer, wire: Recorder
) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text=REFUND)
    asked = await peer.until("approval", tool="refund")
    peer.do("approve", call_id=asked["call_id"], always=True)
    await peer.hears("5 euros paid")
    peer.do("send_message", text='call:refund {"euros": 7}')
    await peer.hears("7 euros paid")
    assert len(peer.all("approval")) == 1


async def test_a_rejection_is_told_in_the_words_of_the_user(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text=REFUND)
    asked = await peer.until("approval", tool="refund")
    peer.do("reject", call_id=asked["call_id"], always=False, message="Not today.")
    await peer.hears("Not today.")
    assert wire.outputs() == ["Not today."]


async def test_a_tool_once_rejected_for_good_stays_rejected(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text=REFUND)
    asked = await peer.until("approval", tool="refund")
    peer.do("reject", call_id=asked["call_id"], always=True, message=None)
    await peer.hears(NOT_APPROVED)
    peer.do("send_message", text=REFUND)
    await wire.until("response.done", 4)
    assert wire.outputs() == [NOT_APPROVED, NOT_APPROVED]
    assert len(peer.all("approval")) == 1


async def test_a_tool_that_fails_is_apologised_for(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text="call:broken {}")
    await peer.hears(FAILED)
    assert wire.outputs() == [FAILED]
    assert peer.all("error") == []
