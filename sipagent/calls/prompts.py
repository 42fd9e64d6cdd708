"""What the caller hears when the endpoint fails: made before anybody calls.

A WAV file beside the plan, else the plan's words in the voice of the embedded engine, else a tone:
for the apology the special information tone, which every caller knows to mean "this call cannot be
put through" (ITU-T E.180 section 6); for the filler a soft one, which means "hold the line".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from sipagent.audio.frames import silence
from sipagent.audio.tones import tone
from sipagent.audio.wav import read_wav
from sipagent.dialplan.plans import Plan
from sipagent.dialplan.reading import place_of
from sipagent.dialplan.transfer import transfer_is_attended
from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import espeak_voice
from sipagent.errors import EngineError, SipAgentError

from .setup import Prompt, Prompts
from .spoken_prompts import SpokenPrompts

log = logging.getLogger(__name__)

INFORMATION_HZ = (950, 1_400, 1_800)
TONE_RATE_HZ = 8_000


HOLD_HZ = 425
FILLER_PAUSE_MS = 2_000
"""Between the filler and the filler."""


async def prepare_prompts(
    plans: Sequence[Plan], speaker: SpokenPrompts | None = None
) -> dict[str, Prompts]:
    """Return the prompts of each plan, by the plan's name; none is empty. Never raises.

    Args:
        plans: Checked.
        speaker: Has spoken for the plans before; None: there were none.
    """
    speaker = speaker or SpokenPrompts()
    try:
        return {plan.name: await _prompts(plan, speaker) for plan in plans}
    finally:
        await speaker.rest()


async def _prompts(plan: Plan, speaker: SpokenPrompts) -> Prompts:
    if not plan.dialplan.agents:
        return Prompts(information_tone(), None)  # nobody answers: nothing is worth speaking
    session = plan.dialplan.session
    apology = await _made(plan, speaker, "apology", session.apology, session.apology_wav)
    filler: Prompt | None = None
    if session.reconnect and (session.filler or session.filler_wav):
        made = await _made(plan, speaker, "filler", session.filler, session.filler_wav)
        filler = _with_pause(made or hold_tone())
    return Prompts(
        apology or information_tone(),
        filler,
        await _delegation(plan, speaker),
        await _announcement(plan, speaker),
        await _early(plan, speaker),
        await _music(plan, speaker),
    )


async def _delegation(plan: Plan, speaker: SpokenPrompts) -> Prompt | None:
    backend = plan.dialplan.backend
    if backend is None or not (backend.filler_tone or backend.filler):
        return None
    words = "" if backend.filler_tone else backend.filler
    return await _made(plan, speaker, "delegation filler", words, None) or hold_tone()


async def _announcement(plan: Plan, speaker: SpokenPrompts) -> Prompt | None:
    """Return what is announced before a recorded call; no tone can stand in for it."""
    recording = plan.dialplan.recording
    if not recording.enabled or recording.consent != "announce":
        return None
    words, wav = recording.announcement, recording.announcement_wav
    made = await _made(plan, speaker, "announcement", words, wav)
    if made is None:
        log.error("plan %s ! nothing is recorded: its announcement has no sound", plan.name)
    return made


async def _early(plan: Plan, speaker: SpokenPrompts) -> Prompt | None:
    wav = plan.dialplan.line.early_wav
    return None if wav is None else await _made(plan, speaker, "early media", "", wav)


async def _music(plan: Plan, speaker: SpokenPrompts) -> Prompt | None:
    transfer = plan.dialplan.transfer
    if transfer is None or not transfer_is_attended(transfer):
        return None
    return await _made(plan, speaker, "music", "", transfer.music) or _with_pause(hold_tone())


async def spoken_prompt(words: str, voice: str) -> Prompt | None:
    """Return words said in a call, in the voice of the embedded engine, or None if it has none.

    Args:
        words: Whatever an agent wrote.
        voice: As the plan names it.
    """
    speaker = Speaker()
    try:
        pcm = await speaker.speak(words, espeak_voice(voice))
    except EngineError as error:
        log.warning("! words that cannot be said: %s", error)
        return None
    finally:
        await speaker.close()
    return Prompt(pcm, speaker.rate_hz) if len(pcm) else None


async def _made(
    plan: Plan, speaker: SpokenPrompts, key: str, words: str, wav: str | None
) -> Prompt | None:
    """Return a prompt of the plan's own, or None if it has none that can be heard."""
    if wav is not None:
        try:
            pcm, rate_hz = await asyncio.to_thread(read_wav, place_of(plan.beside(wav)))
            return Prompt(pcm, rate_hz)
        except (OSError, SipAgentError) as error:
            log.error("plan %s ! %s: %s", plan.name, key, error)
    if not words:
        return None
    try:
        made = await speaker.speak(words, espeak_voice(plan.dialplan.session.voice or ""))
    except EngineError as error:
        log.warning("plan %s ! its %s is a tone: %s", plan.name, key, error)
        return None
    if not len(made.pcm):
        log.warning("plan %s ! its %s is a tone: its words have no sound", plan.name, key)
        return None
    return made


def information_tone() -> Prompt:
    """Return the special information tone."""
    tones = [tone(freq_hz, 330, TONE_RATE_HZ, level_dbov=-20) for freq_hz in INFORMATION_HZ]
    return Prompt(np.concatenate(tones), TONE_RATE_HZ)


def hold_tone() -> Prompt:
    """Return a soft tone."""
    return Prompt(tone(HOLD_HZ, 400, TONE_RATE_HZ, level_dbov=-30), TONE_RATE_HZ)


def _with_pause(prompt: Prompt) -> Prompt:
    pause = silence(FILLER_PAUSE_MS * prompt.rate_hz // 1000)
    return Prompt(np.concatenate([prompt.pcm, pause]), prompt.rate_hz)
