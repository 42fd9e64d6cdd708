"""G.711 against its own tables and a few published values."""

import numpy as np
import pytest

from sipagent.audio.g711 import pcm_to_pcma, pcm_to_pcmu, pcma_to_pcm, pcmu_to_pcm

ALL_CODES = bytes(range(256))


def test_every_a_law_code_survives_a_round_trip() -> None:
    assert pcm_to_pcma(pcma_to_pcm(ALL_CODES)) == ALL_CODES


def test_every_mu_law_code_survives_but_negative_zero() -> None:
    returned = pcm_to_pcmu(pcmu_to_pcm(ALL_CODES))
    different = [code for code in range(256) if returned[code] != code]
    assert different == [0x7F]  # -0 decodes to 0, which encodes as +0, 0xFF


def test_extremes_decode_as_the_recommendation_says() -> None:
    assert pcmu_to_pcm(b"\x00\x80\xff").tolist() == [-32124, 32124, 0]
    assert pcma_to_pcm(b"\xd5\x55\x2a\xaa").tolist() == [8, -8, -32256, 32256]


@pytest.mark.parametrize(
    ("encode", "decode"), [(pcm_to_pcmu, pcmu_to_pcm), (pcm_to_pcma, pcma_to_pcm)]
)
def test_the_error_grows_with_the_level_only(encode, decode) -> None:  # type: ignore[no-untyped-def]
    pcm = np.arange(-32768, 32768).astype(np.int16)
    error = np.abs(decode(encode(pcm)).astype(int) - pcm.astype(int))
    assert (
        error
        <= np.maximum(np.abs(pcm.astype(int)) // 16, 16) + 644 * (abs(pcm.astype(int)) > 32000)
    ).all()
