"""A stream of RTP is judged by its numbers, wherever they wrap."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from benchmarks.gaps import continuity, per_second, spacing_errors_ms
from benchmarks.rtp import Packet

BEGIN = 65_530
"""Ten packets from here wrap."""
BEGIN_TIMESTAMP = 2**32 - 480


def stream(numbers: Iterable[int]) -> list[Packet]:
    """Return packets with these numbers after the first, in order of arrival, 20 ms apart."""
    return [
        Packet(BEGIN + n & 0xFFFF, BEGIN_TIMESTAMP + 160 * n & 0xFFFFFFFF, b"", place * 0.02)
        for place, n in enumerate(numbers)
    ]


def test_a_whole_stream_has_no_gaps_where_its_numbers_wrap() -> None:
    whole = continuity(stream(range(10)))
    assert (whole.packets, whole.missing, whole.misplaced, whole.jumps) == (10, 0, 0, 0)
    assert whole.wraps == 1


@pytest.mark.parametrize(
    ("numbers", "missing", "misplaced"),
    [([0, 1, 3, 4], 1, 0), ([4, 5, 9], 3, 0), ([0, 2, 1, 3], 2, 1), ([0, 1, 1, 2], 0, 1)],
    ids=["lost", "lost at the wrap", "overtaken", "twice"],
)
def test_what_is_missing_or_misplaced_is_counted(
    numbers: list[int], missing: int, misplaced: int
) -> None:
    judged = continuity(stream(numbers))
    assert (judged.missing, judged.misplaced) == (missing, misplaced)


def test_a_timestamp_that_jumps_is_told() -> None:
    packets = stream(range(4))
    late = [Packet(p.sequence, p.timestamp + 160, p.payload, p.at) for p in packets[2:]]
    assert continuity(packets[:2] + late).jumps == 1


def test_the_pace_is_that_of_whole_windows() -> None:
    packets = stream(range(125))
    assert per_second(packets, 1.0) == (50.0, 50.0)
    assert per_second([], 1.0) == ()
    assert max(spacing_errors_ms(packets)) < 0.001
