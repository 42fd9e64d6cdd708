"""A caller is silent unless something is said."""

from __future__ import annotations

import numpy as np

from benchmarks.marks import quiet
from benchmarks.mouth import Mouth
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone


def test_what_is_said_comes_whole_between_silence() -> None:
    mouth, pcm = Mouth(), tone(400, 50, 8_000)
    assert next(mouth) == quiet(0)
    mouth.say(pcm)
    sent = b"".join(next(mouth) for _ in range(3))
    assert sent == pcm_to_pcmu(np.concatenate([pcm, np.zeros(80, np.int16)]))
    assert next(mouth) == quiet(0)


def test_sentences_follow_each_other() -> None:
    mouth = Mouth()
    mouth.say(tone(400, 20, 8_000))
    mouth.say(tone(500, 20, 8_000))
    assert next(mouth) == pcm_to_pcmu(tone(400, 20, 8_000))
    assert next(mouth) == pcm_to_pcmu(tone(500, 20, 8_000))
