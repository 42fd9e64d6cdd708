"""What a test caller takes for voice."""

import pytest

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.tones import tone
from sipagent.calls.ear import Ear, Span

VOICE = tone(400, 20, 8_000, level_dbov=-20)
NOISE = tone(400, 20, 8_000, level_dbov=-50)


def hearing(*frames: tuple[float, Pcm]) -> Ear:
    ear = Ear()
    for now, frame in frames:
        ear.hear(frame, now=now)
    return ear


def test_voice_is_one_span_from_its_first_to_its_last_frame() -> None:
    ear = hearing((1.0, VOICE), (1.02, VOICE), (1.04, VOICE))
    assert ear.spans == [Span(1.0, 1.04, 60)]


@pytest.mark.parametrize("frame", [silence(160), NOISE])
def test_silence_and_a_codecs_noise_are_no_voice(frame: Pcm) -> None:
    ear = hearing((1.0, frame))
    assert (ear.spans, ear.voiced_ms, ear.heard_until) == ([], 0, 1.0)


def test_a_pause_between_words_is_bridged_but_not_counted_as_voice() -> None:
    ear = hearing((1.0, VOICE), (1.1, silence(160)), (1.25, VOICE))
    assert ear.spans == [Span(1.0, 1.25, 40)]
    assert ear.voiced_ms == 40


def test_a_longer_pause_begins_another_span() -> None:
    ear = hearing((1.0, VOICE), (1.32, VOICE))
    assert ear.spans == [Span(1.0, 1.0, 20), Span(1.32, 1.32, 20)]


def test_silence_is_counted_from_the_last_voice() -> None:
    ear = hearing((1.0, VOICE), (3.0, silence(160)))
    assert ear.silent_s(now=3.5) == 2.5


def test_before_the_first_voice_it_was_silent_for_ever() -> None:
    assert hearing((1.0, silence(160))).silent_s(now=2.0) == float("inf")


@pytest.mark.parametrize(
    ("start", "end", "voiced_s"),
    [
        (0.0, 9.0, 2.0),  # both spans whole
        (1.5, 5.5, 1.0),  # half of each
        (2.1, 4.9, 0.0),  # only the pause
        (1.2, 1.7, 0.5),  # inside one
        (8.0, 9.0, 0.0),
    ],
)
def test_voice_between_two_moments_is_what_lies_inside_the_spans(
    start: float, end: float, voiced_s: float
) -> None:
    ear = Ear()
    ear.spans = [Span(1.0, 2.0), Span(5.0, 6.0)]
    assert ear.voiced_between(start, end) == pytest.approx(voiced_s)
