"""A caller's stream that goes quiet is filled with silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.audio.formats import AudioFormat
from sipagent.audio.g711 import pcma_to_pcm, pcmu_to_pcm
from sipagent.realtime.silence import (
    AppendSilence,
    CallerSpeechStarted,
    CallerSpeechStopped,
    FrameArrived,
    SilencePadder,
    SilenceSettings,
    TimerFired,
    silence_bytes,
)

FRAME_TICKS = 160

MOST_AHEAD_MS = 270
"""A second of silence after 750 ms of quiet, and the frame that was expected to last 20 ms."""


def padder(settings: SilenceSettings | None = None) -> SilencePadder:
    return SilencePadder(AudioFormat.PCMU, settings or SilenceSettings())


def speaking(settings: SilenceSettings | None = None) -> SilencePadder:
    """A caller who speaks, and whose last frame came at 10 s."""
    silence = padder(settings)
    silence.handle(CallerSpeechStarted(), now=9.9)
    silence.handle(FrameArrived(20), now=10.0)
    return silence


def padded_ms(commands: list[AppendSilence]) -> list[int]:
    return [command.duration_ms for command in commands]


# What silence is.


def test_silence_is_the_quietest_code_of_each_law() -> None:
    assert silence_bytes(AudioFormat.PCMU, 3) == b"\xff\xff\xff"
    assert silence_bytes(AudioFormat.PCMA, 3) == b"\xd5\xd5\xd5"
    assert silence_bytes(AudioFormat.PCM24, 4) == bytes(4)
    assert pcmu_to_pcm(b"\xff").tolist() == [0]
    assert abs(pcma_to_pcm(b"\xd5")).tolist() == [8]


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_silence_lasts_as_long_as_it_says(audio_format: AudioFormat) -> None:
    silence = SilencePadder(audio_format, SilenceSettings())
    silence.handle(CallerSpeechStarted(), now=0.0)
    silence.handle(FrameArrived(20), now=0.0)
    (command,) = silence.handle(TimerFired(), now=0.75)
    assert command.duration_ms == 1_000
    assert command.audio == silence_bytes(audio_format, 1_000 * audio_format.bytes_per_ms)


# Quiet while the caller speaks.


def test_a_stream_that_goes_quiet_in_speech_is_followed_by_a_second_of_silence() -> None:
    silence = speaking()
    assert silence.deadline() == 10.75
    assert silence.handle(TimerFired(), now=10.74) == []
    assert padded_ms(silence.handle(TimerFired(), now=10.75)) == [1_000]


def test_each_frame_puts_it_off() -> None:
    silence = speaking()
    silence.handle(FrameArrived(20), now=10.5)
    assert silence.deadline() == 11.25


def test_a_quiet_that_outlasts_the_silence_gets_more_but_not_for_ever() -> None:
    silence = speaking(SilenceSettings(longest_pad_ms=2_500))
    sent = []
    while (at := silence.deadline()) is not None:
        sent += [(at, *padded_ms(silence.handle(TimerFired(), now=at)))]
    assert sent == [(10.75, 1_000), (11.75, 1_000), (12.75, 500)]


def test_who_does_not_speak_may_be_quiet() -> None:
    silence = padder()
    silence.handle(FrameArrived(20), now=10.0)
    assert silence.deadline() is None
    assert silence.handle(TimerFired(), now=99.0) == []


def test_a_turn_that_ended_needs_no_silence() -> None:
    silence = speaking()
    silence.handle(CallerSpeechStopped(), now=10.7)
    assert silence.deadline() is None


def test_speech_is_heard_of_after_the_last_frame() -> None:
    silence = padder()
    silence.handle(FrameArrived(20), now=10.0)
    silence.handle(CallerSpeechStarted(), now=10.1)
    assert silence.deadline() == 10.75


def test_before_the_first_frame_there_is_no_stream_to_go_quiet() -> None:
    silence = padder()
    silence.handle(CallerSpeechStarted(), now=1.0)
    assert silence.deadline() is None


def test_it_can_be_turned_off() -> None:
    assert speaking(SilenceSettings(quiet_ms=None)).deadline() is None


# Gaps between timestamps.


def gap(lost_frames: int, *, first: int = 0, after_s: float | None = None) -> list[int]:
    """Return what is sent before a frame that comes after ``lost_frames`` did not."""
    silence = padder()
    silence.handle(FrameArrived(20, first), now=10.0)
    timestamp = (first + (lost_frames + 1) * FRAME_TICKS) % 2**32
    now = 10.0 + ((lost_frames + 1) * 0.02 if after_s is None else after_s)
    return padded_ms(silence.handle(FrameArrived(20, timestamp), now=now))


def test_frames_without_a_gap_are_left_alone() -> None:
    assert gap(0) == []


def test_what_is_missing_before_a_frame_is_silence() -> None:
    assert gap(5) == [100]


def test_a_timestamp_may_wrap_around_in_a_gap() -> None:
    assert gap(5, first=2**32 - 300) == [100]


def test_a_gap_is_filled_up_to_ten_seconds() -> None:
    assert gap(1_000) == [10_000]


def test_frames_that_come_late_and_together_still_tell_their_gap() -> None:
    assert gap(5, after_s=0.0) == [100]


def test_a_timestamp_far_ahead_of_the_clock_was_set_anew() -> None:
    assert gap(500, after_s=0.02) == []


def test_silence_that_was_sent_already_is_not_sent_again() -> None:
    silence = padder()
    silence.handle(CallerSpeechStarted(), now=10.0)
    silence.handle(FrameArrived(20, 0), now=10.0)
    silence.handle(TimerFired(), now=10.75)
    assert padded_ms(silence.handle(FrameArrived(20, 8 * 1_520), now=11.52)) == [500]
    assert padded_ms(silence.handle(FrameArrived(20, 8 * 1_640), now=11.64)) == [100]


def test_a_frame_that_was_overtaken_makes_no_gap_of_the_next() -> None:
    silence = padder()
    for timestamp, now in [(0, 10.0), (320, 10.04)]:
        silence.handle(FrameArrived(20, timestamp), now=now)
    assert silence.handle(FrameArrived(20, 160), now=10.05) == []
    assert silence.handle(FrameArrived(20, 480), now=10.06) == []


def test_gaps_are_seen_after_timestamps_were_set_back() -> None:
    silence = padder()
    silence.handle(FrameArrived(20, 4_000_000), now=10.0)
    assert silence.handle(FrameArrived(20, 0), now=10.02) == []
    assert padded_ms(silence.handle(FrameArrived(20, 320), now=10.06)) == [20]


def test_frames_without_timestamps_have_no_gaps() -> None:
    silence = padder()
    silence.handle(FrameArrived(20, 0), now=10.0)
    silence.handle(FrameArrived(20), now=15.0)
    assert silence.handle(FrameArrived(20, 20 * FRAME_TICKS), now=15.02) == []


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 300), min_size=1, max_size=30),
    st.booleans(),
)
def test_silence_lasts_as_long_as_what_is_missing(
    first: int, lost: list[int], is_speaking: bool
) -> None:
    silence = padder()
    if is_speaking:
        silence.handle(CallerSpeechStarted(), now=0.0)
    silence.handle(FrameArrived(20, first), now=0.0)
    frames_before = 1
    for frames in lost:
        at = (frames_before + frames) * 0.02
        sent_ms = 0
        while (deadline := silence.deadline()) is not None and deadline < at:
            sent_ms += sum(padded_ms(silence.handle(TimerFired(), now=deadline)))
        timestamp = (first + (frames_before + frames) * FRAME_TICKS) % 2**32
        sent_ms += sum(padded_ms(silence.handle(FrameArrived(20, timestamp), now=at)))
        surplus_ms = sent_ms - frames * 20
        assert 0 <= surplus_ms <= (MOST_AHEAD_MS if is_speaking else 0)
        frames_before += frames + 1
