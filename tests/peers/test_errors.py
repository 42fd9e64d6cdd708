"""What an official SDK sends that is wrong comes back as an error, and the session goes on."""

from __future__ import annotations

import pytest

from .peer import PEER_TESTS, Json, Peer
from .recorder import Recorder

pytestmark = PEER_TESTS

REALTIME: Json = {"type": "realtime"}

only_js = pytest.mark.parametrize("program", ["js"], indirect=True)
"""The Python SDK has no such method, or sends no such event."""


def update(**audio: Json) -> Json:
    """Return the event that changes a session's audio."""
    return {"type": "session.update", "event_id": "mine", "session": {**REALTIME, "audio": audio}}


async def test_a_wrong_session_update_changes_nothing(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    before = (await wire.until("session.updated", 2))["session"]["audio"]
    wrong = update(input={"format": {"type": "audio/pcmu"}}, output={"speed": 9})
    peer.do("send_event", event=wrong)
    told = await peer.until("error", code="invalid_value")
    (error,) = wire.of("error")
    assert error["error"]["event_id"] == "mine"
    assert error["error"]["param"] == "session.audio.output.speed"
    assert error["error"]["message"] in told["message"]
    peer.do("send_event", event=update(output={"speed": 1.25}))
    after = (await wire.until("session.updated", 3))["session"]["audio"]
    assert after == {**before, "output": {**before["output"], "speed": 1.25}}
    await peer.ask("say:Still here.")
    await peer.hears("Still here.")


async def test_an_item_nobody_knows_is_an_error(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_event", event={"type": "conversation.item.delete", "item_id": "item_none"})
    await peer.until("error", code="item_delete_invalid_item_id")
    await peer.ask("say:Still here.")
    await peer.hears("Still here.")


@only_js
async def test_an_event_nobody_knows_is_an_error(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_event", event={"type": "session.dance", "event_id": "mine"})
    await peer.until("error")
    (error,) = wire.of("error")
    assert (error["error"]["type"], error["error"]["event_id"]) == ("invalid_request_error", "mine")
    await peer.ask("say:Still here.")
    await peer.hears("Still here.")
