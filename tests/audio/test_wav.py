"""WAV files and the stereo mix."""

import wave
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.recording import StereoMix
from sipagent.audio.tones import tone
from sipagent.audio.wav import WavWriter, read_wav
from sipagent.errors import SipAgentError


def test_a_file_reads_back(tmp_path: Path) -> None:
    pcm = tone(425, 100, 8_000)
    writer = WavWriter(tmp_path / "a.wav", 8_000, 1)
    writer.write(pcm[:300])
    writer.write(pcm[300:])
    writer.close()
    writer.close()
    heard, rate_hz = read_wav(tmp_path / "a.wav")
    np.testing.assert_array_equal(heard, pcm)
    assert rate_hz == 8_000


def test_a_file_that_was_never_closed_is_valid(tmp_path: Path) -> None:
    writer = WavWriter(tmp_path / "a.wav", 16_000, 2)
    writer.write(np.zeros(640, np.int16))
    with wave.open(str(tmp_path / "a.wav")) as reader:
        assert (reader.getnchannels(), reader.getframerate(), reader.getnframes()) == (
            2,
            16000,
            320,
        )
    writer.close()


@pytest.mark.parametrize(
    "content", [b"", b"RIFF\0\0\0\0WAVE", b"ID3 music", b"RIFF1234WAVEdata\xff\xff"]
)
def test_what_is_no_wav_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(SipAgentError, match=r"broken\.wav"):
        read_wav(path)


def test_both_sides_are_interleaved_as_far_as_both_have_come() -> None:
    mix = StereoMix()
    mix.add(0, np.array([1, 2, 3], np.int16))
    mix.add(1, np.array([7, 8], np.int16))
    assert mix.drain().tolist() == [1, 7, 2, 8]
    assert mix.finish().tolist() == [3, 0]


def test_a_side_that_is_far_behind_was_silent() -> None:
    mix = StereoMix(slack=2)
    mix.add(0, np.array([1, 2, 3, 4, 5], np.int16))
    assert mix.drain().tolist() == [1, 0, 2, 0, 3, 0]


@pytest.mark.parametrize("drained", [False, True])
def test_a_side_that_comes_back_is_where_the_other_one_is_by_then(drained: bool) -> None:
    mix, frame = StereoMix(), np.ones(160, np.int16)
    heard = []
    for tick in range(100):
        if not 10 <= tick < 80:  # on hold
            mix.add(1, frame * tick)
        mix.add(0, frame * tick)
        if drained:
            heard.append(mix.drain())
    both = np.concatenate([*heard, mix.finish()]).reshape(-1, 2)[::160].tolist()
    assert both == [[tick, tick if not 10 <= tick < 80 else 0] for tick in range(100)]


def test_how_far_it_is_counts_a_side_that_is_away() -> None:
    mix, frame = StereoMix(), np.ones(160, np.int16)
    mix.add(0, frame)
    assert (mix.position, mix.complete) == (160, 0)  # the other side's frame is about to come
    mix.add(1, frame)
    assert mix.complete == 160
    for _ in range(100):
        mix.add(0, frame)
        mix.drain()
    assert (mix.position, mix.complete) == (101 * 160, 101 * 160)
