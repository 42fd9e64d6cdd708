"""How loud sound is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sipagent.audio.frames import Pcm
from sipagent.audio.level import SILENT_DBOV, dbov
from sipagent.audio.loudness import Loudness
from sipagent.audio.tones import tone


def heard(pcm: Pcm) -> Loudness:
    loudness = Loudness()
    frames = [pcm[start : start + 160] for start in range(0, len(pcm) - 159, 160)]
    levels = loudness.hear(frames[:7]) + loudness.hear([]) + loudness.hear(frames[7:])
    assert levels == pytest.approx([dbov(frame) for frame in frames], abs=0.01)
    return loudness


def test_the_level_of_a_tone_is_its_own_whatever_silence_is_around() -> None:
    silence = np.zeros(8_000, np.int16)
    sound = np.concatenate([silence, tone(425, 1_000, 8_000, level_dbov=-20.0), silence])
    loudness = heard(sound)
    assert loudness.level_dbov == pytest.approx(-20.0, abs=0.3)
    assert (loudness.frames, loudness.sound_frames) == (150, 50)
    assert loudness.zero_frames == 100
    assert loudness.clipped_percent == 0.0


@pytest.mark.parametrize(
    ("samples", "is_silence"),
    [
        (np.zeros(160), True),
        (np.full(160, 8), True),  # A-law 0xD5, and 0x55 below zero
        (np.full(160, -8), True),
        (np.resize([8, -8, 8], 160), False),  # a quiet room in A-law
        (np.resize([0, 0, 0, 8], 160), False),  # and in u-law
        (np.full(160, 24), False),
        (np.resize([-8, 4, 0, -4], 320), True),  # G.722 of zeros
        (np.resize([-12, 12], 320), False),
    ],
)
def test_digital_silence_is_what_a_codec_makes_of_zeros(
    samples: NDArray[np.float64], is_silence: bool
) -> None:
    loudness = Loudness()
    loudness.hear([samples.astype(np.int16)] * 3)
    assert loudness.zero_frames == 3 * is_silence


def test_noise_is_no_sound() -> None:
    noise = np.random.default_rng(1).normal(0, 20, 8_000).astype(np.int16)
    loudness = heard(noise)
    assert (loudness.sound_frames, loudness.zero_frames) == (0, 0)
    assert loudness.level_dbov == SILENT_DBOV


def test_a_sound_as_loud_as_can_be_is_clipped() -> None:
    loud = tone(425, 1_000, 8_000, level_dbov=-1.0).astype(int) * 4
    clipped = np.clip(loud, -32_124, 32_124).astype(np.int16)
    assert 50 < heard(clipped).clipped_percent < 100


def test_nothing_has_no_level() -> None:
    assert (Loudness().level_dbov, Loudness().clipped_percent) == (SILENT_DBOV, 0.0)
