"""The test caller's speech: text in the voice recognition knows best, at a telephone's level."""

from __future__ import annotations

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov
from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import CALLER

SPEECH_DBOV = -20.0
"""Active speech level of a usual telephone (ITU-T P.830 section 7.1: -26 dBov, a little louder)."""


async def caller_speech(text: str, speaker: Speaker) -> Pcm:
    """Return ``text`` as a caller says it, at ``speaker.rate_hz``.

    Raises:
        EngineError: If there is no voice.
    """
    pcm = await speaker.speak(text, CALLER)
    gain = 10 ** ((SPEECH_DBOV - dbov(pcm)) / 20)
    louder: Pcm = np.clip(pcm * gain, -32_000, 32_000).astype(np.int16)
    return louder
