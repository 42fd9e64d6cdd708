"""Where speech starts and ends, given what is probable and loud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.vad.turns import (
    CONTINUE_MARGIN,
    GAP_CHUNKS,
    MOST_LOUD_MS,
    TurnDetector,
    TurnEnded,
    TurnSettings,
    TurnStarted,
)

CHUNK_MS = 32
SPEECH, SILENCE = (0.9, True), (0.1, False)

Chunk = tuple[float, bool]


def turns(
    chunks: list[Chunk], settings: TurnSettings | None = None
) -> list[TurnStarted | TurnEnded]:
    detector = TurnDetector(settings or TurnSettings(prefix_padding_ms=0), CHUNK_MS)
    changes = [
        detector.feed(probability, is_loud, audio_ms=(index + 1) * CHUNK_MS)
        for index, (probability, is_loud) in enumerate(chunks)
    ]
    return [change for change in changes if change is not None]


def test_speech_starts_with_its_first_chunk_though_two_are_needed_to_be_sure() -> None:
    assert turns([SILENCE] * 10 + [SPEECH] * 2) == [TurnStarted(10 * CHUNK_MS)]


def test_a_click_starts_nothing() -> None:
    assert turns([SILENCE, SPEECH, SILENCE] * 20) == []


def test_what_is_probable_but_not_loud_is_somebody_elses_speech() -> None:
    assert turns([(0.9, False)] * 50) == []


def test_what_is_loud_but_not_probable_is_noise() -> None:
    assert turns([(0.3, True)] * 50) == []


def test_the_start_is_told_with_the_padding_before_it() -> None:
    settings = TurnSettings(prefix_padding_ms=300)
    assert turns([SILENCE] * 20 + [SPEECH] * 2, settings) == [TurnStarted(20 * CHUNK_MS - 300)]


MURMUR = (0.3, True)


def test_a_turn_begins_where_it_grew_loud_not_where_that_was_proven() -> None:
    assert turns([SILENCE] * 10 + [MURMUR] * 20 + [SPEECH] * 2) == [TurnStarted(10 * CHUNK_MS)]


@pytest.mark.parametrize(("gap", "start"), [(GAP_CHUNKS, 10), (GAP_CHUNKS + 1, 15 + GAP_CHUNKS)])
def test_a_short_gap_in_what_is_loud_is_part_of_it(gap: int, start: int) -> None:
    chunks = [SILENCE] * 10 + [MURMUR] * 4 + [SILENCE] * gap + [SPEECH] * 2
    assert turns(chunks) == [TurnStarted(start * CHUNK_MS)]


def test_what_was_loud_for_long_is_noise_and_begins_no_turn() -> None:
    chunks = [MURMUR] * 100 + [SPEECH] * 2
    assert turns(chunks) == [TurnStarted(102 * CHUNK_MS - MOST_LOUD_MS)]


def test_a_turn_begins_after_the_end_of_the_last_however_loud_it_stays() -> None:
    settings = TurnSettings(prefix_padding_ms=0, silence_duration_ms=64)
    started, ended, again = turns([SPEECH] * 4 + [MURMUR] * 2 + [SPEECH] * 2, settings)
    assert (started, ended) == (TurnStarted(0), TurnEnded(6 * CHUNK_MS))
    assert again == TurnStarted(6 * CHUNK_MS)


def test_there_is_no_padding_before_the_session() -> None:
    assert turns([SILENCE] + [SPEECH] * 2, TurnSettings(prefix_padding_ms=300)) == [TurnStarted(0)]


def test_a_turn_ends_when_the_silence_was_long_enough() -> None:
    settings = TurnSettings(silence_duration_ms=320)
    speech = [SPEECH] * 5
    assert len(turns(speech + [SILENCE] * 9, settings)) == 1
    assert turns(speech + [SILENCE] * 10, settings)[1] == TurnEnded(15 * CHUNK_MS)


def test_a_pause_for_breath_ends_nothing() -> None:
    settings = TurnSettings(silence_duration_ms=320)
    assert len(turns(([SPEECH] * 3 + [SILENCE] * 9) * 10, settings)) == 1


def test_speech_under_way_goes_on_at_less_than_it_takes_to_start() -> None:
    settings = TurnSettings(threshold=0.5, silence_duration_ms=64)
    murmur = (0.5 - CONTINUE_MARGIN, True)
    assert turns([murmur] * 10, settings) == []
    assert len(turns([SPEECH] * 2 + [murmur] * 10, settings)) == 1
    assert len(turns([SPEECH] * 2 + [(murmur[0] - 0.01, True)] * 10, settings)) == 2


def test_no_silence_at_all_ends_the_turn_at_its_first_quiet_chunk_not_before() -> None:
    settings = TurnSettings(prefix_padding_ms=0, silence_duration_ms=0)
    assert turns([SPEECH] * 5 + [SILENCE], settings) == [TurnStarted(0), TurnEnded(6 * CHUNK_MS)]


def test_a_turn_that_was_taken_away_does_not_end_again() -> None:
    detector = TurnDetector(TurnSettings(), CHUNK_MS)
    for at in range(3):
        detector.feed(*SPEECH, audio_ms=at * CHUNK_MS)
    detector.stop()
    quiet = [detector.feed(*SILENCE, audio_ms=at * CHUNK_MS) for at in range(3, 40)]
    assert quiet == [None] * 37


def test_speech_that_goes_on_after_its_turn_was_taken_starts_another() -> None:
    detector = TurnDetector(TurnSettings(prefix_padding_ms=0), CHUNK_MS)
    for at in range(3):
        detector.feed(*SPEECH, audio_ms=at * CHUNK_MS)
    detector.stop()
    assert detector.feed(*SPEECH, audio_ms=4 * CHUNK_MS) is None
    assert detector.feed(*SPEECH, audio_ms=5 * CHUNK_MS) == TurnStarted(3 * CHUNK_MS)


def test_eagerness_is_a_length_of_silence() -> None:
    lengths = [
        TurnSettings.from_wire({"type": "semantic_vad", "eagerness": each}).silence_duration_ms
        for each in ("low", "medium", "auto", "high")
    ]
    assert lengths[0] > lengths[1] == lengths[2] > lengths[3]


def test_settings_are_read_from_the_wire() -> None:
    wire = {
        "type": "server_vad",
        "threshold": 0.7,
        "prefix_padding_ms": 100,
        "silence_duration_ms": 200,
        "create_response": False,
        "interrupt_response": False,
    }
    assert TurnSettings.from_wire(wire) == TurnSettings(0.7, 100, 200, False, False)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=300))
def test_turns_start_and_end_by_turns_and_in_order(chunks: list[Chunk]) -> None:
    changes = turns(chunks)
    kinds = [type(change) for change in changes]
    assert kinds == [TurnStarted, TurnEnded] * (len(kinds) // 2) + [TurnStarted] * (len(kinds) % 2)
    times = [
        change.audio_start_ms if isinstance(change, TurnStarted) else change.audio_end_ms
        for change in changes
    ]
    assert times == sorted(times)
