"""Real calls that we end: for their time, for silence, and because the line is dead."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.spectrum import tone_snr_db
from sipagent.calls import facts
from sipagent.calls.life_settings import LifeSettings
from sipagent.calls.termination import Reason, Result

from .line import AGENT_HZ, RATE_HZ, Line, line, speaking
from .rtp import heard
from .sipp import needs_sipp

pytestmark = needs_sipp

WINDOW = 800


async def end_of(running: Line) -> tuple[Result, Reason]:
    """Wait for the end of the call; return how it ended."""
    end = (await running.told.until(facts.CallEnded)).termination
    return end.result, end.reason


def life(**settings: Any) -> LifeSettings:
    return LifeSettings(**({"rtp_timeout_s": 0.0} | settings))


async def test_the_caller_is_warned_before_the_time_is_up_and_hears_the_goodbye(
    tmp_path: Path,
) -> None:
    limits = life(max_duration_s=1.2, warn_before_s=0.7, warning="Warn.", goodbye="Bye.")
    async with line(tmp_path, tone_ms=200, life=limits) as running:
        assert await end_of(running) == (Result.COMPLETED, Reason.TIME_LIMIT)
        assert running.endpoint.asked() == ["Warn.", "Bye."]
        said = [fact for _, fact in running.told.facts if isinstance(fact, facts.AgentSaid)]
        assert [(each.heard_ms, each.interrupted) for each in said] == [(200, False)] * 2
    pcm = heard(running.peer.packets, pcmu_to_pcm)
    voiced = np.flatnonzero(np.abs(pcm) > 100)
    assert len(voiced) > 350 * RATE_HZ // 1000  # both were sent whole
    assert tone_snr_db(pcm[voiced[-1] - WINDOW : voiced[-1]], RATE_HZ, AGENT_HZ) > 20


async def test_a_silent_caller_is_asked_twice_and_hung_up_on(tmp_path: Path) -> None:
    limits = life(silence_s=0.4, silence_prompt="Ask.", goodbye="Bye.")
    async with line(tmp_path, tone_ms=100, greeting="Greet.", life=limits) as running:
        assert await end_of(running) == (Result.COMPLETED, Reason.CALLER_SILENT)
        assert running.endpoint.asked() == ["Greet.", "Ask.", "Ask.", "Bye."]


async def test_a_line_whose_rtp_stops_is_given_up(tmp_path: Path) -> None:
    async with line(tmp_path, life=life(rtp_timeout_s=0.6)) as running:
        async with speaking(running):
            await running.pass_ms(1_200)
            assert running.told.names().count("CallEnded") == 0
        assert await end_of(running) == (Result.FAILED, Reason.RTP_LOST)
        measured = await running.told.until(facts.LineMeasured)
        assert measured.packets_in > 40


async def test_a_caller_on_hold_is_neither_silent_nor_lost(tmp_path: Path) -> None:
    limits = LifeSettings(rtp_timeout_s=0.4, silence_s=0.4, silence_prompts=0)
    async with line(tmp_path, scenario="holds", pause_ms=1_200, life=limits) as running:
        await running.told.until(facts.CallAnswered)
        answered_at = asyncio.get_running_loop().time()
        assert (await end_of(running))[1] in {Reason.RTP_LOST, Reason.CALLER_SILENT}
        assert asyncio.get_running_loop().time() - answered_at > 1.5
