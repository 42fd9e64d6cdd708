"""The official JavaScript SDK changes what was said; the engine confirms it."""

from __future__ import annotations

import pytest

from .peer import PEER_TESTS, Json, Peer
from .recorder import Recorder

pytestmark = [*PEER_TESTS, pytest.mark.parametrize("program", ["js"], indirect=True)]


def texts(peer: Peer) -> list[str]:
    """Return what was said, in order."""
    contents: list[Json] = [item["content"][0] for item in peer.history()]
    return [content.get("text") or content.get("transcript") or "" for content in contents]


async def test_items_are_removed_changed_and_added(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    await peer.ask("say:One.")
    await peer.ask("say:Two.")
    first, first_answer, second, second_answer = peer.all("history")[-1]["items"]
    changed = {**first, "content": [{"type": "input_text", "text": "changed"}]}
    added = {
        "itemId": "item_added",
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [{"type": "input_text", "text": "added"}],
    }
    peer.do("update_history", items=[changed, first_answer, added, second_answer])
    while texts(peer) != ["changed", "One.", "added", "Two."]:
        await peer.until("history")
    deleted = [event["item_id"] for event in wire.of("conversation.item.deleted")]
    assert sorted(deleted) == sorted([first["itemId"], second["itemId"]])
    assert peer.all("error") == []
