"""Whether a line hands back what it is sent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sipagent.audio.echo import EchoDetector

SECONDS = 6


def voice(seed: int) -> list[float]:
    """Return levels like those of somebody who talks: syllables and pauses."""
    random = np.random.default_rng(seed)
    levels: list[float] = []
    while len(levels) < 50 * SECONDS:
        syllable = random.normal(-24, 4, random.integers(4, 14))
        levels += [*np.clip(syllable, -60, -5), *[-65.0] * int(random.integers(1, 10))]
    return levels[: 50 * SECONDS]


def is_echo(sent: Sequence[float], came: Sequence[float]) -> bool:
    detector = EchoDetector()
    detector.sent(sent)
    detector.came(came)
    return detector.is_echo


@pytest.mark.parametrize("delay_frames", [1, 7, 24])
@pytest.mark.parametrize("loss_db", [0.0, 12.0])
def test_what_comes_back_later_and_softer_is_an_echo(delay_frames: int, loss_db: float) -> None:
    sent = voice(1)
    came = [-65.0] * delay_frames + [level - loss_db for level in sent[:-delay_frames]]
    assert is_echo(sent, came)


@pytest.mark.parametrize("seed", range(2, 40))
def test_two_who_talk_are_no_echo(seed: int) -> None:
    assert not is_echo(voice(1), voice(seed))


def test_an_echo_among_noise_is_one() -> None:
    sent, random = voice(1), np.random.default_rng(3)
    came = [-65.0] * 9 + [float(max(level, -48 + random.normal(0, 2))) for level in sent[:-9]]
    assert is_echo(sent, came)


def test_steady_sound_and_silence_are_like_any_other() -> None:
    assert not is_echo([-20.0] * 300, [-20.0] * 300)
    assert not is_echo([-65.0] * 300, [-65.0] * 300)


def test_a_few_words_are_not_enough() -> None:
    sent = voice(1)[:75]
    assert not is_echo(sent, sent)


def test_an_echo_is_known_before_three_seconds_are_over() -> None:
    sent = voice(1)[:115]  # 2.3 s, and somebody looks every half second
    assert is_echo(sent, [-65.0] * 10 + sent[:-10])
