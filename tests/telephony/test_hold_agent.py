"""An agent whose caller puts it on hold: over SIP and RTP, with an endpoint that notes all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.hold import HELD_NOTE, RESUMED_NOTE
from sipagent.calls.setup import LineSetup
from tests.calls.talk import call_setup

from .agent_call import agent_desk
from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import until
from .rtp import SAMPLES_PER_PACKET, RtpPeer

TURNS = {"type": "server_vad", "idle_timeout_ms": 6_000, "create_response": True}

JITTER_BUFFER_FRAMES = 10
"""What was said before the hold may still be on its way in so many."""


def music(duration_ms: int) -> Iterator[bytes]:
    """Return packets that no microphone is as loud as."""
    pcm = tone(425, duration_ms, 8_000, level_dbov=-9.0)
    for start in range(0, len(pcm), SAMPLES_PER_PACKET):
        yield pcm_to_pcmu(pcm[start : start + SAMPLES_PER_PACKET])


async def test_hold_music_reaches_no_agent_and_nothing_is_said_to_it(tmp_path: Path) -> None:
    setup = call_setup(session={"turn_detection": TURNS}, line=LineSetup(on_resume="Go on."))
    async with (
        agent_desk(tmp_path, setup) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port))
        await caller.accepted()
        await phone.send(music(200), await phone.destination())
        await until(lambda: desk.heard_since(0))
        await caller.offers(sdp("a=sendonly", port=phone.port, version=2))
        await desk.endpoint.has_received("conversation.item.create")
        media = desk.legs[0].media
        assert media is not None
        enough = media.frames_in + JITTER_BUFFER_FRAMES
        await until(lambda: media.frames_in >= enough)
        held_at = len(desk.endpoint.received)
        await phone.send(music(500), phone.packets[0].source)
        assert desk.wishes_since(held_at) == []
        assert not desk.heard_since(held_at)
        await caller.offers(sdp(port=phone.port, version=3))
        await desk.endpoint.has_received("response.create")
        await phone.send(music(200), phone.packets[0].source)
        await until(lambda: desk.heard_since(held_at))
        caller.send("BYE")
        await caller.response("BYE")
        await desk.told.until(facts.CallEnded)
        updates = await desk.endpoint.has_received("session.update", 3)
        turns = [each["session"]["audio"]["input"]["turn_detection"] for each in updates]
        assert [each["idle_timeout_ms"] for each in turns] == [6_000, None, 6_000]
        assert [each["create_response"] for each in turns] == [True, False, True]
        notes = await desk.endpoint.has_received("conversation.item.create", 2)
        told = [each["item"]["content"][0]["text"] for each in notes]
        assert told == [HELD_NOTE, RESUMED_NOTE]
        assert desk.wishes_since(held_at).count("response.create") == 1
        resumed = await desk.told.until(facts.CallResumed)
        assert resumed.held_ms >= 500
        assert len(desk.endpoint.connections) == 1


async def test_what_the_agent_was_saying_waits_for_the_caller(tmp_path: Path) -> None:
    async with (
        agent_desk(tmp_path, call_setup(line=LineSetup(on_resume="Go on."))) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port))
        await caller.accepted()
        await until(lambda: bool(desk.legs) and desk.legs[0].media is not None)
        media = desk.legs[0].media
        assert media is not None
        await caller.offers(sdp("a=inactive", port=phone.port, version=2))
        await desk.told.until(facts.CallHeld)
        media.push("words", tone(425, 400, 8_000))
        media.finish("words")
        await asyncio.sleep(0.3)
        assert media.heard("words") == 0
        await caller.offers(sdp(port=phone.port, version=3))
        await until(lambda: media.is_idle)
        assert "response.create" not in desk.endpoint.types()
        caller.send("BYE")
        await caller.response("BYE")
        await desk.told.until(facts.CallEnded)
