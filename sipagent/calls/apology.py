"""What the caller hears when the endpoint fails: made before anybody calls.

A WAV file beside the plan, else the plan's words in the voice of the embedded engine, else the
special information tone, which every caller knows to mean "this call cannot be put through"
(ITU-T E.180 section 6).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from sipagent.audio.tones import tone
from sipagent.audio.wav import read_wav
from sipagent.dialplan.plans import Plan
from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import espeak_voice
from sipagent.errors import EngineError, SipAgentError

from .setup import Apology

log = logging.getLogger(__name__)

INFORMATION_HZ = (950, 1_400, 1_800)
TONE_RATE_HZ = 8_000


async def prepare_apologies(plans: Sequence[Plan]) -> dict[str, Apology]:
    """Return the apology of each plan, by the plan's name; none is empty. Never raises."""
    speaker = Speaker()
    try:
        return {plan.name: await _apology(plan, speaker) for plan in plans}
    finally:
        await speaker.close()


async def _apology(plan: Plan, speaker: Speaker) -> Apology:
    session = plan.dialplan.session
    if session.apology_wav is not None:
        path = plan.beside(session.apology_wav)
        try:
            pcm, rate_hz = await asyncio.to_thread(read_wav, path)
            return Apology(pcm, rate_hz)
        except (OSError, SipAgentError) as error:
            log.error("plan %s ! apology_wav: %s", plan.name, error)
    try:
        pcm = await speaker.speak(session.apology, espeak_voice(session.voice or ""))
    except EngineError as error:
        log.warning("plan %s ! its apology is a tone: %s", plan.name, error)
        return information_tone()
    if not len(pcm):
        log.warning("plan %s ! its apology is a tone: its words have no sound", plan.name)
        return information_tone()
    return Apology(pcm, speaker.rate_hz)


def information_tone() -> Apology:
    """Return the special information tone."""
    tones = [tone(freq_hz, 330, TONE_RATE_HZ, level_dbov=-20) for freq_hz in INFORMATION_HZ]
    return Apology(np.concatenate(tones), TONE_RATE_HZ)
