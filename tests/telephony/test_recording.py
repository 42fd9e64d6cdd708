"""Recordings of real calls, and what is kept out of them."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.spectrum import tone_snr_db
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.controller import CallPolicy
from sipagent.calls.recording_tools import recording_tools
from sipagent.calls.setup import Prompt, Prompts, RecordingSetup
from sipagent.calls.termination import Reason

from .line import CALLER_HZ, RATE_HZ, line, speaking
from .rtp import heard
from .sipp import needs_sipp
from .sound import best_snr_db

pytestmark = needs_sipp

ANNOUNCED_HZ = 1_000
BEFORE_HZ = 700
ANNOUNCEMENT = Prompt(tone(ANNOUNCED_HZ, 400, RATE_HZ), RATE_HZ)
MARGIN_SAMPLES = 800
"""More than a jitter buffer and a codec blur an edge."""


def voiced(pcm: Pcm) -> Pcm:
    """Return ``pcm`` from its first sound."""
    return pcm[np.flatnonzero(np.abs(pcm.astype(int)) > 100)[0] :]


async def test_a_recording_begins_with_the_announcement_and_has_a_hole_where_it_was_paused(
    tmp_path: Path,
) -> None:
    agent = RealtimeAgent("Reception", tools=list(recording_tools().values()))
    async with line(
        tmp_path,
        agent=agent,
        greeting="Greet.",
        policy=CallPolicy(announces=True),
        prompts=Prompts(ANNOUNCEMENT, announcement=ANNOUNCEMENT),
        recording=RecordingSetup("announce", file_name="{date}/{caller}-{call_id}.wav"),
    ) as running:
        async with speaking(running):
            await running.told.until(facts.AgentSoundStarted)
            await running.say_ms(300)
            await running.endpoint.call("pause_recording")
            await running.told.until(facts.ToolCalled)
            await running.say_ms(500)
            await running.endpoint.call("resume_recording")
            await running.told.until(facts.ToolCalled, 2)
            await running.say_ms(500)
        call_id = running.call.call_id
        running.call.hang_up(Reason.OPERATOR_HUNG_UP)
        recorded = await running.told.until(facts.CallRecorded)
    packets = running.peer.packets
    first = voiced(heard(packets, pcmu_to_pcm))[: 400 * RATE_HZ // 1000]
    assert tone_snr_db(first[MARGIN_SAMPLES:-MARGIN_SAMPLES], RATE_HZ, ANNOUNCED_HZ) > 20
    path = tmp_path / "recordings" / "1970-01-01" / f"+4915112-{call_id}.wav"
    assert (recorded.path, recorded.consent) == (str(path), "announced")
    assert recorded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with wave.open(str(path)) as reader:
        assert recorded.duration_ms == reader.getnframes() * 1000 // RATE_HZ
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    caller, agent_side = both[:, 0], both[:, 1]
    told = voiced(agent_side)[MARGIN_SAMPLES : 2 * MARGIN_SAMPLES]
    assert tone_snr_db(told, RATE_HZ, ANNOUNCED_HZ) > 20
    ((paused_at_ms, resumed_at_ms),) = recorded.paused
    paused_at, resumed_at = (ms * RATE_HZ // 1000 for ms in (paused_at_ms, resumed_at_ms))
    assert resumed_at_ms - paused_at_ms >= 400
    assert not both[paused_at:resumed_at].any()
    for part in (caller[:paused_at], caller[resumed_at:]):
        assert best_snr_db(part, RATE_HZ, CALLER_HZ) > 10


@pytest.mark.parametrize("way", ["key", "tool"])
async def test_of_a_caller_who_is_asked_nothing_is_kept_before_they_agree(
    tmp_path: Path, way: str
) -> None:
    agent = RealtimeAgent("Reception", tools=list(recording_tools().values()))
    setup = RecordingSetup("ask", consent_key="1" if way == "key" else "")
    async with line(tmp_path, agent=agent, greeting="Greet.", recording=setup) as running:
        await running.told.until(facts.AgentSoundStarted)
        to = await running.peer.destination()
        before = pcm_to_pcmu(tone(BEFORE_HZ, 20, RATE_HZ))  # whole periods
        await running.peer.send(iter([before] * 40), to)
        await running.peer.press("2", to)
        await running.told.until(facts.DigitPressed)
        assert not (tmp_path / "recordings").exists()
        if way == "key":
            await running.peer.press("1", to)
            await running.told.until(facts.DigitPressed, 2)
        else:
            await running.endpoint.call("start_recording")
            await running.told.until(facts.ToolCalled)
        async with speaking(running):
            await running.say_ms(600)
        running.call.hang_up(Reason.OPERATOR_HUNG_UP)
        recorded = await running.told.until(facts.CallRecorded)
        ended = await running.told.until(facts.CallEnded)
    assert (recorded.consent, recorded.error) == (way, "")
    assert 500 < recorded.duration_ms < ended.duration_ms - 800
    with wave.open(recorded.path) as reader:
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    loud = both[:, 0][np.abs(both[:, 0]) > 100]
    assert len(loud) > RATE_HZ // 4
    assert best_snr_db(both[:, 0], RATE_HZ, CALLER_HZ) > 10
    assert tone_snr_db(both[:, 0], RATE_HZ, BEFORE_HZ) < -10  # concealment may leave a trace
