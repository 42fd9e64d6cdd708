"""The test caller's voice."""

import pytest

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls.speech import SPEECH_DBOV, caller_speech
from sipagent.engine.tts.speaker import Speaker


class Murmur(Speaker):
    """Says one sound, whatever it is given."""

    def __init__(self, sound: Pcm) -> None:
        super().__init__()
        self._sound = sound

    async def speak(self, *_: object, **__: object) -> Pcm:
        """Return the sound."""
        return self._sound


@pytest.mark.parametrize("level_dbov", [-50, -20, -6])
async def test_the_caller_speaks_as_loud_as_a_telephone(level_dbov: float) -> None:
    quiet = tone(400, 500, 22_050, level_dbov=level_dbov)
    assert dbov(await caller_speech("Hello", Murmur(quiet))) == pytest.approx(SPEECH_DBOV, abs=0.1)


@pytest.mark.parametrize("samples", [0, 160])
async def test_what_has_no_sound_stays_silent(samples: int) -> None:
    speech = await caller_speech("...", Murmur(silence(samples)))
    assert len(speech) == samples
    assert not speech.any()


async def test_a_real_sentence_has_the_level_too() -> None:
    speaker = Speaker()
    try:
        speech = await caller_speech("What are your opening hours?", speaker)
    finally:
        await speaker.close()
    assert dbov(speech) == pytest.approx(SPEECH_DBOV, abs=0.5)
