"""Wire formats."""

import numpy as np
import pytest

from sipagent.audio.formats import AudioFormat, Decoder, Encoder
from sipagent.audio.spectrum import tone_snr_db
from sipagent.audio.tones import tone


def test_formats_read_what_they_write() -> None:
    for audio_format in AudioFormat:
        assert AudioFormat.from_wire(audio_format.to_wire()) is audio_format


@pytest.mark.parametrize(("name", "expected"), [("g711_ulaw", "PCMU"), ("pcm16", "PCM24")])
def test_older_names_are_understood(name: str, expected: str) -> None:
    assert AudioFormat.from_wire(name) is AudioFormat[expected]


@pytest.mark.parametrize("wire", ["opus", None, {}, {"type": "audio/pcm", "rate": 16_000}, []])
def test_an_unknown_format_is_an_error_that_says_what_is_allowed(wire: object) -> None:
    with pytest.raises(ValueError, match=r"24000|audio/pcmu"):
        AudioFormat.from_wire(wire)


def test_g711_at_eight_kilohertz_is_encoded_frame_by_frame_without_delay() -> None:
    frame = tone(425, 20, 8_000)
    assert len(Encoder(AudioFormat.PCMU, 8_000).encode(frame)) == 160
    assert len(Decoder(AudioFormat.PCMA, 8_000).decode(bytes(160))) == 160


def test_a_sample_cut_in_two_by_a_chunk_is_kept_whole() -> None:
    pcm = tone(425, 100, 24_000)
    data, decoder = pcm.tobytes(), Decoder(AudioFormat.PCM24, 24_000)
    parts = [decoder.decode(data[:7]), decoder.decode(data[7:1001]), decoder.decode(data[1001:])]
    np.testing.assert_array_equal(np.concatenate(parts), pcm)


def test_a_tone_survives_g711_as_well_as_g711_can() -> None:
    pcm = tone(425, 1_000, 8_000)
    heard = Decoder(AudioFormat.PCMU, 8_000).decode(Encoder(AudioFormat.PCMU, 8_000).encode(pcm))
    assert tone_snr_db(heard, 8_000, 425) > 36
