"""What callers hear before the answer: 183, RTP, and only then 200."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.early_controller import EarlyMedia
from sipagent.calls.setup import LineSetup, Prompt, Prompts
from tests.calls.talk import call_setup

from .agent_call import AgentDesk, agent_desk
from .datagrams import SipSocket, tag_of
from .dialog import Dialog, sdp
from .rtp import RtpPeer, heard
from .sound import usual_snr_db

SOUND_MS = 400


def sound_of(phone: RtpPeer) -> Pcm:
    """Return what was loud of what a caller heard."""
    pcm = heard(phone.packets, pcmu_to_pcm)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 500)
    return pcm[loud[0] : loud[-1]] if len(loud) else pcm[:0]


async def progress(caller: Dialog) -> str:
    """Acknowledge provisional responses up to the 183; nothing was answered before it."""
    while True:
        message = await caller.peer.received.get()
        assert message.startswith("SIP/2.0 1") or "PRACK" in message
        if "\r\nRSeq: " in message:
            caller.tag = tag_of(message)
            sequence = message.partition("\r\nRSeq: ")[2].partition("\r\n")[0]
            caller.send("PRACK", headers=(f"RAck: {sequence} 1 INVITE",))
        if message.startswith("SIP/2.0 183"):
            caller.tag = tag_of(message)
            return message


async def answer(caller: Dialog) -> None:
    """Wait for the 200 and acknowledge it."""
    last, caller.cseq = caller.cseq, 1
    await caller.accepted()
    caller.cseq = last


async def leave(caller: Dialog, desk: AgentDesk) -> None:
    """Hang up and wait until the call is told to be over."""
    caller.send("BYE")
    await caller.response("BYE")
    await desk.told.until(facts.CallEnded)


async def test_a_file_is_heard_before_the_answer_and_the_agent_after_it(tmp_path: Path) -> None:
    ringback = Prompt(tone(425, SOUND_MS, 8_000), 8_000)
    setup = call_setup(
        greeting="Greet.",
        prompts=Prompts(ringback, early=ringback),
        line=LineSetup(early=EarlyMedia("file")),
    )
    async with (
        agent_desk(tmp_path, setup) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port))
        assert "m=audio" in await progress(caller)
        await caller.accepted()
        sound = sound_of(phone)
        assert abs(len(sound) / 8 - SOUND_MS) < 60
        assert usual_snr_db(sound, 8_000, 425) > 30
        assert "response.create" not in desk.endpoint.types()[:1]
        await desk.endpoint.has_received("response.create")
        answered = await desk.told.until(facts.CallAnswered)
        assert answered.answer_ms >= SOUND_MS - 20
        await leave(caller, desk)


def spoken(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a response that is a tone."""
    assert event["type"] == "response.create"
    audio = b64encode(pcm_to_pcmu(tone(800, SOUND_MS, 8_000))).decode()
    ids = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
    return [
        {"type": "response.created", "response": {"id": "r1", "status": "in_progress"}},
        {"type": "response.output_audio.delta", **ids, "delta": audio},
        {"type": "response.output_audio.done", **ids},
        {"type": "response.done", "response": {"id": "r1", "status": "completed", "output": []}},
    ]


async def test_the_agents_greeting_is_heard_before_the_answer(tmp_path: Path) -> None:
    setup = call_setup(greeting="Greet.", line=LineSetup(early=EarlyMedia("greeting")))
    async with (
        agent_desk(tmp_path, setup) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        desk.endpoint.answers["response.create"] = spoken
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port), headers=("Supported: 100rel",))
        assert "\r\nRequire: 100rel\r\n" in await progress(caller)
        await answer(caller)
        sound = sound_of(phone)
        assert abs(len(sound) / 8 - SOUND_MS) < 60
        assert dbov(sound) > -20
        assert desk.endpoint.types().count("response.create") == 1
        await leave(caller, desk)


async def test_who_gives_up_during_early_media_was_never_answered(tmp_path: Path) -> None:
    long = Prompt(tone(425, 5_000, 8_000), 8_000)
    setup = call_setup(prompts=Prompts(long, early=long), line=LineSetup(early=EarlyMedia("file")))
    async with (
        agent_desk(tmp_path, setup) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port))
        await progress(caller)
        await phone.until(5)
        caller.tag, tag = "", caller.tag
        caller.cancel()
        assert (await caller.response("INVITE")).startswith("SIP/2.0 487")
        caller.tag = tag
        end = await desk.told.until(facts.CallEnded)
        assert end.termination.reason.value == "caller_cancelled"
        assert end.duration_ms == 0
