"""Resampling: clean, prompt, and the same whatever the chunks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov
from sipagent.audio.resample import Resampler, resample
from sipagent.audio.spectrum import tone_snr_db
from sipagent.audio.tones import tone

PAIRS = [(8_000, 24_000), (24_000, 8_000), (16_000, 24_000), (24_000, 16_000), (22_050, 8_000)]


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_a_tone_stays_clean_and_keeps_its_level(from_hz: int, to_hz: int) -> None:
    heard = resample(tone(1_000, 1_000, from_hz), from_hz, to_hz)
    middle = heard[to_hz // 10 : -to_hz // 10]
    assert tone_snr_db(middle, to_hz, 1_000) > 70
    assert dbov(middle) == pytest.approx(-12, abs=0.05)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_no_more_than_three_milliseconds_are_held_back(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    given_out = sum(len(resampler.convert(tone(500, 20, from_hz))) for _ in range(10))
    assert 200 - given_out * 1000 / to_hz <= 3


def test_what_a_lower_rate_cannot_hold_is_filtered_out() -> None:
    heard = resample(tone(6_000, 500, 24_000), 24_000, 8_000)
    assert dbov(heard[400:-400]) < -70


def test_equal_rates_pass_through_untouched() -> None:
    pcm = tone(300, 20, 8_000)
    assert Resampler(8_000, 8_000).convert(pcm) is pcm


@settings(max_examples=40)
@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 700), max_size=12))
def test_chunks_change_nothing(rates: tuple[int, int], cuts: list[int]) -> None:
    pcm: Pcm = np.random.default_rng(7).integers(-9_000, 9_000, sum(cuts)).astype(np.int16)
    streamed, start = Resampler(*rates), 0
    parts = []
    for cut in cuts:
        parts.append(streamed.convert(pcm[start : start + cut]))
        start += cut
    parts.append(streamed.flush())
    np.testing.assert_array_equal(np.concatenate(parts), resample(pcm, *rates))
