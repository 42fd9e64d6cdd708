from __future__ import annotations

import numpy as np
import pytest

from sipagent.audio.beep import Tone, ToneEar
from sipagent.audio.frames import Pcm, frame_samples, silence
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.tones import tone


def tones(pcm: Pcm, rate_hz: int) -> list[Tone]:
    """Return what an ear hears in ``pcm`` and a moment of silence."""
    ear, size = ToneEar(rate_hz), frame_samples(rate_hz)
    heard = np.concatenate([pcm, silence(3 * size)])
    frames = [heard[at : at + size] for at in range(0, len(heard) - size + 1, size)]
    return [each for frame in frames if (each := ear.hear(frame)) is not None]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
@pytest.mark.parametrize("freq_hz", [400, 440, 750, 1_000, 1_400, 2_000, 2_100])
def test_a_tone_is_found_with_its_frequency_and_length(freq_hz: int, rate_hz: int) -> None:
    (found,) = tones(tone(freq_hz, 300, rate_hz, level_dbov=-25.0), rate_hz)
    assert found.freq_hz == pytest.approx(freq_hz, abs=8)
    assert found.duration_ms == pytest.approx(300, abs=40)


def test_g711_does_not_hide_a_tone() -> None:
    coded = pcmu_to_pcm(pcm_to_pcmu(tone(1_000, 200, 8_000, level_dbov=-30.0)))
    (found,) = tones(coded, 8_000)
    assert found.freq_hz == pytest.approx(1_000, abs=8)


def test_two_tones_at_once_are_none() -> None:
    key = tone(770, 300, 8_000, level_dbov=-20.0) + tone(1_336, 300, 8_000, level_dbov=-20.0)
    assert tones(key, 8_000) == []


def test_a_sweep_is_no_tone() -> None:
    at = np.arange(8_000) / 8_000
    sweep = (8_000 * np.sin(2 * np.pi * (400 * at + 800 * at**2))).astype(np.int16)
    assert all(each.duration_ms < 150 for each in tones(sweep, 8_000))


def test_noise_and_silence_are_no_tones() -> None:
    noise = np.random.default_rng(1).normal(0, 3_000, 16_000).astype(np.int16)
    assert tones(noise, 8_000) == []
    assert tones(silence(8_000), 8_000) == []
