"""Keys in audio: those that are there (ITU-T Q.24), and those that speech is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sipagent.audio.frames import Pcm, frame_samples, silence
from sipagent.audio.g711 import pcm_to_pcma, pcm_to_pcmu, pcma_to_pcm, pcmu_to_pcm
from sipagent.audio.goertzel import ToneKeys
from sipagent.audio.resample import resample
from sipagent.audio.tones import tone
from tests.engine.speech import pink_noise, speech, with_noise
from tests.telephony.tones import key_tone, keyed

ALL = "0123456789*#ABCD"


def found(pcm: Pcm, rate_hz: int = 8_000) -> str:
    """Return the keys in ``pcm``, which comes frame by frame."""
    keys, samples = ToneKeys(rate_hz), frame_samples(rate_hz)
    frames = [pcm[start : start + samples] for start in range(0, len(pcm), samples)]
    return "".join(keys.feed(frame) for frame in frames)


@pytest.mark.parametrize(
    "line",
    [
        lambda pcm: pcmu_to_pcm(pcm_to_pcmu(pcm)),
        lambda pcm: pcma_to_pcm(pcm_to_pcma(pcm)),
    ],
    ids=["PCMU", "PCMA"],
)
def test_every_key_is_found_behind_g711(line: Callable[[Pcm], Pcm]) -> None:
    assert found(line(keyed(ALL))) == ALL


def test_keys_are_found_at_the_rate_of_a_g722_leg() -> None:
    assert found(keyed(ALL, rate_hz=16_000), 16_000) == ALL
    assert found(resample(keyed(ALL), 8_000, 16_000), 16_000) == ALL


@pytest.mark.parametrize("start", range(0, 102, 17))
def test_tones_and_pauses_of_40_ms_are_enough_wherever_blocks_begin(start: int) -> None:
    assert found(np.concatenate((silence(start), keyed("5577", 40, 40)))) == "5577"


@pytest.mark.parametrize("start", range(0, 102, 17))
def test_a_tone_of_20_ms_is_none(start: int) -> None:
    assert found(np.concatenate((silence(start), keyed("57", 20, 100)))) == ""


@pytest.mark.parametrize("twist_db", [-8, -4, 0, 4])
@pytest.mark.parametrize("level_dbov", [-33, -10])
def test_quiet_loud_and_twisted_keys_are_found(level_dbov: float, twist_db: float) -> None:
    tones = [key_tone(key, 80, level_dbov=level_dbov, twist_db=twist_db) for key in "159D"]
    assert "".join(found(each) for each in tones) == "159D"


@pytest.mark.parametrize("twist_db", [-12, 8])
def test_tones_too_far_apart_in_level_are_no_key(twist_db: float) -> None:
    assert found(key_tone("5", 100, twist_db=twist_db)) == ""


@pytest.mark.parametrize("off", [-0.015, 0.015])
def test_keys_may_be_off_by_one_and_a_half_percent(off: float) -> None:
    assert "".join(found(key_tone(key, 60, off=off)) for key in ALL) == ALL


def test_a_key_held_long_with_a_gap_in_it_is_one() -> None:
    gap = silence(20 * 8)
    assert found(np.concatenate((key_tone("5", 500), gap, key_tone("5", 500)))) == "5"


def test_keys_are_found_on_a_noisy_line() -> None:
    assert found(with_noise(keyed(ALL), -33)) == ALL


def test_a_key_tells_that_it_is_heard_until_its_end() -> None:
    keys = ToneKeys(8_000)
    keys.feed(key_tone("5", 100))
    assert keys.is_heard
    keys.feed(silence(480))
    assert not keys.is_heard


@pytest.mark.parametrize(
    "text",
    [
        "Please tell me the number of your order, it is one two three four five six seven.",
        "We see three trees, a bee and a key; ooh, who would choose to move the blue moon?",
        "Good evening, this is Ada speaking, I am calling about the invoice from last Tuesday.",
    ],
)
def test_speech_is_no_key(text: str) -> None:
    for level_dbov in (-30.0, -12.0):
        assert found(pcmu_to_pcm(pcm_to_pcmu(speech(text, level_dbov)))) == ""


@pytest.mark.parametrize(
    "freqs", [(425,), (440, 480), (350, 440), (480, 620), (1000,), (697,), (1100,), (697, 770)]
)
def test_tones_of_exchanges_fax_and_one_frequency_are_no_key(freqs: tuple[int, ...]) -> None:
    mixed = sum(tone(freq, 1_000, 8_000, level_dbov=-15) for freq in freqs)
    assert found(np.asarray(mixed, np.int16)) == ""


def test_noise_and_silence_are_no_key() -> None:
    assert found(pink_noise(5_000, -20)) == ""
    assert found(silence(8_000)) == ""
