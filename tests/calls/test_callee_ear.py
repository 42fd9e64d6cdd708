"""Who answered, told from synthetic audio: a voice is a buzz with harmonics that comes and goes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.audio.frames import Pcm, frame_samples, silence
from sipagent.audio.tones import tone
from sipagent.calls.callee_ear import (
    BeepHeard,
    CalleeEar,
    CalleeSound,
    FaxHeard,
    GreetingEnded,
    HumanHeard,
    MachineHeard,
)

RATE_HZ = 8_000


def voice(duration_ms: int) -> Pcm:
    """Return syllables of 200 ms, each swelling and fading."""
    at = np.arange(duration_ms * 8) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 130 * n * at) / n for n in range(1, 12))
    said: Pcm = (6_000 * buzz * np.abs(np.sin(np.pi * at / 0.2))).astype(np.int16)
    return said


def quiet(duration_ms: int, noise: float = 0.0) -> Pcm:
    hiss = np.random.default_rng(1).normal(0, noise, duration_ms * 8) if noise else 0
    return (silence(duration_ms * 8) + hiss).astype(np.int16)


def heard(*parts: Pcm) -> list[CalleeSound]:
    return list(_heard(np.concatenate(parts)))


def _heard(pcm: Pcm) -> Iterator[CalleeSound]:
    ear, size = CalleeEar(RATE_HZ, 2_800), frame_samples(RATE_HZ)
    for at in range(0, len(pcm) - size + 1, size):
        yield from ear.hear(pcm[at : at + size])


def test_a_word_and_a_pause_are_a_person() -> None:
    (found,) = heard(quiet(300), voice(800), quiet(4_000))
    assert isinstance(found, HumanHeard)
    assert found.greeting_ms == pytest.approx(800, abs=80)


def test_speech_without_a_pause_is_a_machine_once_it_is_long_enough() -> None:
    (found,) = heard(quiet(300), voice(1_500), quiet(400), voice(2_000))
    assert isinstance(found, MachineHeard)
    assert found.greeting_ms == pytest.approx(2_800, abs=40)


def test_nothing_at_all_is_a_person_who_waits() -> None:
    assert heard(quiet(5_000, noise=40.0)) == [HumanHeard(0)]


def test_a_click_is_no_word() -> None:
    assert heard(quiet(500), voice(200)[800:1_120], quiet(4_000)) == [HumanHeard(0)]


@pytest.mark.parametrize("freq_hz", [400, 800, 1_000, 1_400, 2_000])
def test_a_beep_ends_a_machines_greeting(freq_hz: int) -> None:
    beep = tone(freq_hz, 300, RATE_HZ, level_dbov=-20.0)
    machine, found = heard(voice(4_000), quiet(500), beep, quiet(1_000))
    assert isinstance(machine, MachineHeard)
    assert isinstance(found, BeepHeard)
    assert found.beep_ms == pytest.approx(4_800, abs=60)


def test_a_beep_after_a_pause_overrules_the_person() -> None:
    beep = tone(1_000, 300, RATE_HZ, level_dbov=-20.0)
    person, found = heard(voice(1_000), quiet(900), voice(1_000), quiet(300), beep, quiet(500))
    assert isinstance(person, HumanHeard)
    assert isinstance(found, BeepHeard)


def test_a_tone_is_no_beep_when_nothing_was_said_or_it_is_too_short() -> None:
    beep = tone(1_000, 300, RATE_HZ, level_dbov=-20.0)
    assert heard(quiet(200), beep, quiet(3_000)) == [HumanHeard(0)]
    click = tone(1_000, 80, RATE_HZ, level_dbov=-20.0)
    assert not any(isinstance(each, BeepHeard) for each in heard(voice(4_000), click, quiet(500)))


def test_a_machine_that_only_stops_is_told_once() -> None:
    sounds = heard(voice(4_000), quiet(8_000))
    assert [type(each) for each in sounds] == [MachineHeard, GreetingEnded]


def test_a_fax_machine_is_known_by_its_answer_tone() -> None:
    fax = tone(2_100, 2_600, RATE_HZ, level_dbov=-20.0)
    assert heard(quiet(200), fax, quiet(3_000)) == [FaxHeard()]


PARTS = [
    voice(600),
    voice(2_000),
    quiet(300),
    quiet(1_500, noise=200.0),
    tone(1_000, 300, RATE_HZ, level_dbov=-20.0),
    tone(2_100, 800, RATE_HZ, level_dbov=-20.0),
]


@settings(max_examples=30)
@given(st.lists(st.sampled_from(range(len(PARTS))), min_size=1, max_size=10))
def test_whatever_is_heard_there_is_one_first_verdict_and_only_a_beep_overrules(
    chosen: list[int],
) -> None:
    sounds = heard(*(PARTS[index] for index in chosen), quiet(4_000))
    verdicts = [each for each in sounds if isinstance(each, HumanHeard | MachineHeard)]
    assert len(verdicts) <= 1
    assert sounds  # after four seconds of silence something is always known
    assert sum(isinstance(each, FaxHeard) for each in sounds) <= 1
    beeps = [at for at, each in enumerate(sounds) if isinstance(each, BeepHeard)]
    assert all(at < beeps[0] for at, each in enumerate(sounds) if each in verdicts and beeps)
