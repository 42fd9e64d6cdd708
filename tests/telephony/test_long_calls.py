"""A long call in seconds: numbers that wrap, offers made again, a session that expires."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.realtime import rotation
from tests.calls.talk import call_setup
from tests.fakes.scripted_endpoint import Events, ScriptedEndpoint

from .agent_call import agent_desk
from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import until
from .rtp import SAMPLES_PER_PACKET, RtpPeer

RATE_HZ = 8_000
WORDS, WORD_MS = 60, 100
PITCHES_HZ = tuple(400 + 150 * number for number in range(16))
"""One word each; the seventeenth word sounds like the first again."""

PACKETS_TO_SEQUENCE_WRAP, PACKETS_TO_TIMESTAMP_WRAP = 65, 115
SESSION_S = 6.0
"""How long the first session may live; another takes over after half of it."""
HEARD_FRAMES = 3
"""Of the five frames of a word, these make it heard: others may be mixtures, or concealed."""

TIMER = ("Supported: timer", "Session-Expires: 90;refresher=uac")


def words() -> Iterator[bytes]:
    """Return the packets of all words."""
    for number in range(WORDS):
        pcm = tone(PITCHES_HZ[number % len(PITCHES_HZ)], WORD_MS, RATE_HZ)
        for start in range(0, len(pcm), SAMPLES_PER_PACKET):
            yield pcm_to_pcmu(pcm[start : start + SAMPLES_PER_PACKET])


def heard_words(pcm: Pcm) -> list[int]:
    """Return which words ``pcm`` has, in order, modulo the number of pitches."""
    whole = len(pcm) // SAMPLES_PER_PACKET * SAMPLES_PER_PACKET
    frames = pcm[:whole].reshape(-1, SAMPLES_PER_PACKET)
    pitches = [_pitch(frame) for frame in frames if dbov(frame) > -30]
    runs = [(pitch, len(list(run))) for pitch, run in groupby(pitches)]
    long = [pitch for pitch, length in runs if length >= HEARD_FRAMES]
    return [pitch for pitch, _ in groupby(long)]


def _pitch(frame: Pcm) -> int:
    spectrum = np.abs(np.fft.rfft(frame * np.hanning(len(frame))))
    freq_hz = float(spectrum.argmax()) * RATE_HZ / len(frame)
    return int(np.argmin([abs(freq_hz - pitch_hz) for pitch_hz in PITCHES_HZ]))


def appended(endpoint: ScriptedEndpoint) -> Pcm:
    """Return all audio the endpoint got, in order, whatever session it came by."""
    return pcmu_to_pcm(
        b"".join(
            b64decode(event["audio"])
            for event in endpoint.received
            if event["type"] == "input_audio_buffer.append"
        )
    )


def short_lived(endpoint: ScriptedEndpoint) -> None:
    """Let the first session expire soon, and later ones never."""

    def configured(_: dict[str, Any]) -> Events:
        expires_at = SESSION_S if len(endpoint.connections) == 1 else 3_600.0
        return [{"type": "session.updated", "session": {"expires_at": expires_at}}]

    endpoint.answers["session.update"] = configured


async def refresh(caller: Dialog, port: int) -> None:
    """Refresh the session timer (RFC 4028) and offer again, in both ways there are."""
    for version in (2, 3):
        await asyncio.sleep(1)
        caller.send("INVITE", sdp(port=port, version=version), headers=TIMER)
        assert "Session-Expires: 90" in await caller.accepted()
        await asyncio.sleep(1)
        caller.send("UPDATE", headers=TIMER)
        assert "Session-Expires: 90" in await caller.response("UPDATE")


async def test_no_word_is_lost_where_numbers_wrap_and_sessions_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "STABLE_S", 1.0)
    phone = RtpPeer(
        first_sequence=2**16 - PACKETS_TO_SEQUENCE_WRAP,
        first_timestamp=2**32 - PACKETS_TO_TIMESTAMP_WRAP * SAMPLES_PER_PACKET,
    )
    async with (
        agent_desk(tmp_path, call_setup()) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        phone,
        asyncio.TaskGroup() as tasks,
    ):
        short_lived(desk.endpoint)
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port), headers=TIMER)
        await caller.accepted()
        refreshing = tasks.create_task(refresh(caller, phone.port), name="refresh")
        await phone.send(words(), await phone.destination())
        await refreshing
        expected = [number % len(PITCHES_HZ) for number in range(WORDS)]
        await until(lambda: heard_words(appended(desk.endpoint))[-1:] == expected[-1:])
        caller.send("BYE")
        await caller.response("BYE")
        replaced = await desk.told.until(facts.SessionReplaced)
        assert (replaced.reason, replaced.outage_ms) == ("expiry", 0)
        measured = await desk.told.until(facts.LineMeasured)
        assert (measured.packets_in, measured.lost_in) == (WORDS * WORD_MS // 20, 0)
        assert len(desk.endpoint.connections) == 2
        assert heard_words(appended(desk.endpoint)) == expected
