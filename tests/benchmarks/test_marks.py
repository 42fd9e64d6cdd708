"""Marks are found again where they were put."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.marks import MARK_EVERY, Span, is_mark, latencies_ms, marked, quiet, spans
from benchmarks.onset import EnergyOnset
from sipagent.audio.frames import silence
from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.tones import tone


def test_a_mark_begins_with_its_packet() -> None:
    pcm = pcmu_to_pcm(b"".join(marked(number) for number in range(3 * MARK_EVERY)))
    starts = [number * 160 for number in range(3 * MARK_EVERY) if is_mark(number)]
    assert all(0 <= span.start - start <= 2 for span, start in zip(spans(pcm), starts, strict=True))


def test_silence_has_no_spans() -> None:
    assert spans(pcmu_to_pcm(quiet(0))) == []
    assert spans(silence(0)) == []


def test_a_short_dip_does_not_end_a_span() -> None:
    pcm = np.concatenate([np.full(80, 9_000), np.zeros(160), np.full(80, 9_000)]).astype(np.int16)
    assert spans(pcm) == [Span(0, 320)]


def test_each_find_belongs_to_the_last_mark_before_it() -> None:
    found = latencies_ms([1.0, 2.0, 3.0], [1.25, 3.5])
    assert found == [250.0, 500.0]
    assert latencies_ms([1.0], [0.5]) == []


@given(st.lists(st.floats(0.001, 0.299), min_size=1, max_size=20))
def test_latencies_shorter_than_the_interval_are_all_recovered(delays: list[float]) -> None:
    sent = [number * 0.3 for number in range(len(delays))]
    found = [at + delay for at, delay in zip(sent, delays, strict=True)]
    np.testing.assert_allclose(latencies_ms(sent, found), [delay * 1000 for delay in delays])


def test_speech_is_told_once_and_after_its_onset() -> None:
    onset, loud = EnergyOnset(onset_ms=60), tone(425, 20, 8_000)
    assert [onset.feed(loud) for _ in range(5)] == [False, False, True, False, False]
    assert not onset.feed(silence(160))
    assert [onset.feed(loud) for _ in range(3)] == [False, False, True]
