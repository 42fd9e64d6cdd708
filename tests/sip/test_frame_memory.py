from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest

from sipagent.sip import frame_memory
from sipagent.sip.pjlib import pj


@pytest.fixture(params=[True, False], ids=["by memory", "by SWIG"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take the fast way, then the slow one."""
    with patch.object(frame_memory, "is_trusted", lambda: request.param):
        yield


def test_a_vector_lies_in_memory_as_expected_here() -> None:
    assert frame_memory.is_trusted()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("samples", [0, 1, 160, 320])
def test_what_is_written_is_read_again(samples: int) -> None:
    vector = pj.ByteVector()
    pcm = np.arange(-samples // 2, samples - samples // 2, dtype=np.int16)
    frame_memory.write(vector, pcm)
    assert bytes(vector) == pcm.tobytes()
    assert np.array_equal(frame_memory.read(vector), pcm)


@pytest.mark.usefixtures("way")
def test_a_frame_replaces_a_longer_and_a_shorter_one() -> None:
    vector = pj.ByteVector(bytes(640))
    for samples in (160, 320, 0):
        frame_memory.write(vector, np.ones(samples, np.int16))
        assert len(vector) == 2 * samples


@pytest.mark.usefixtures("way")
def test_a_frame_read_is_a_copy() -> None:
    vector = pj.ByteVector(b"\1\0")
    pcm = frame_memory.read(vector)
    vector[0] = 2
    assert pcm.tolist() == [1]
