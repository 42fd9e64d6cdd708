"""What a session hears of a muted caller."""

from __future__ import annotations

import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.realtime.mute import Mute

FRAME = bytes(range(160))


def test_a_caller_who_is_not_muted_is_heard() -> None:
    for mode in ("silence", "stop"):
        assert Mute(AudioFormat.PCMU, mode).apply(FRAME) is FRAME


@pytest.mark.parametrize(
    ("audio_format", "byte"),
    [(AudioFormat.PCMU, 0xFF), (AudioFormat.PCMA, 0xD5), (AudioFormat.PCM24, 0)],
)
def test_a_muted_caller_is_as_much_silence(audio_format: AudioFormat, byte: int) -> None:
    mute = Mute(audio_format)
    mute.is_muted = True
    assert mute.apply(FRAME) == bytes([byte] * 160)


def test_a_muted_caller_may_be_nothing_at_all() -> None:
    mute = Mute(AudioFormat.PCMU, "stop")
    mute.is_muted = True
    assert mute.apply(FRAME) is None


def test_a_caller_is_heard_again() -> None:
    mute = Mute(AudioFormat.PCMU)
    mute.is_muted = True
    mute.apply(FRAME)
    mute.is_muted = False
    assert mute.apply(FRAME) is FRAME
