"""The samples of the voicemail benchmark that need no voice, and how it judges."""

from __future__ import annotations

import pytest

from benchmarks.voicemail import NOISE_DBOV, heard, on_a_line, unspoken, verdict
from sipagent.calls.callee_ear import BeepHeard, CalleeSound, HumanHeard


@pytest.mark.parametrize("noise_dbov", NOISE_DBOV)
def test_what_no_voice_says_is_told_apart(noise_dbov: float) -> None:
    for sample in unspoken(seed=1):
        sounds = heard(on_a_line(sample.pcm, 100, noise_dbov, seed=1))
        assert verdict(sounds)[0] == sample.truth, sample.kind


def test_the_last_word_counts_and_a_beep_is_one() -> None:
    sounds: list[tuple[int, CalleeSound]] = [
        (1_100, HumanHeard(500)),
        (5_000, BeepHeard(3_000, 4_900)),
    ]
    assert verdict(sounds[:1]) == ("human", 1_100)
    assert verdict(sounds) == ("machine", 5_000)
    assert verdict([]) == ("none", 0)
