"""An official SDK changes the agent, and stops what it must not say."""

from __future__ import annotations

from .peer import PEER_TESTS, Json, Peer
from .recorder import Recorder

pytestmark = PEER_TESTS

PCMU: Json = {"type": "audio/pcmu"}
BAD = "This answer has a forbidden word." + " It goes on and on, until somebody cuts it off." * 10


def tool_names(updated: Json) -> list[str]:
    return [tool["name"] for tool in updated["session"]["tools"]]


def differences(asked: Json, got: Json, path: str = "session") -> list[str]:
    """Return what of a configuration is not as it was asked for."""
    wrong: list[str] = []
    for name, value in asked.items():
        if isinstance(value, dict) and isinstance(got.get(name), dict):
            wrong += differences(value, got[name], f"{path}.{name}")
        elif got.get(name) != value:
            wrong.append(f"{path}.{name}: asked {value!r}, got {got.get(name)!r}")
    return wrong


async def test_the_session_is_what_the_sdk_asks_for(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url, script="desk")
    await wire.until("session.updated", 2)
    updates = zip(wire.of("session.update"), wire.of("session.updated"), strict=True)
    assert [differences(asked["session"], got["session"]) for asked, got in updates] == [[], []]
    assert "opening_hours" in tool_names(wire.of("session.updated")[-1])


async def test_another_agent_takes_over_in_the_same_format(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url, script="desk", audio_format="g711_ulaw")
    before = await wire.until("session.updated")
    (handoff,) = [name for name in tool_names(before) if name.startswith("transfer_to_")]
    peer.do("send_message", text=f"call:{handoff} {{}}")
    await peer.until("handoff", of="Reception", to="Billing")
    await peer.hears("Billing here.")
    after = wire.of("session.updated")[-1]
    assert tool_names(after) == ["invoice"]
    for updated in (before, after):
        audio = updated["session"]["audio"]
        assert (audio["input"]["format"], audio["output"]["format"]) == (PCMU, PCMU)
    assert wire.of("response.created")[-1]["response"]["audio"]["output"]["format"] == PCMU
    peer.do("send_message", text="call:invoice {}")
    await peer.hears("nothing is owed")
    assert peer.all("agent_end")[-1]["agent"] == "Billing"
    assert peer.all("error") == []


async def test_a_guardrail_stops_what_is_said(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    peer.do("send_message", text=f"say:{BAD}")
    await peer.until("guardrail", info=["blocked"])
    await peer.until("audio_interrupted")
    cut = await wire.until("response.done")
    assert cut["response"]["status_details"]["reason"] == "client_cancelled"
    await wire.until("conversation.item.truncated")
    answer = await wire.until("response.done", 2)
    assert answer["response"]["status"] == "completed"
    (_, feedback) = wire.of("conversation.item.create")
    assert feedback["item"]["role"] == "user"
    assert "forbid" in feedback["item"]["content"][0]["text"]
    await peer.hears("echo")
    assert len(peer.all("guardrail")) == 1
    assert peer.all("error") == []
