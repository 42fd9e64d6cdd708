"""A token bucket: so many at once, so many in the long run."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sipagent.ops.token_bucket import TokenBucket


def test_a_full_bucket_is_emptied_at_once_and_no_further() -> None:
    bucket = TokenBucket(2.0, 3.0)
    assert [bucket.admits(now=10.0) for _ in range(5)] == [True, True, True, False, False]


def test_tokens_come_back_with_time() -> None:
    bucket = TokenBucket(2.0, 1.0)
    times = [0.0, 0.4, 0.5, 0.9, 1.0, 1.5]
    assert [bucket.admits(now=now) for now in times] == [True, False, True, False, True, True]


def test_a_long_rest_fills_it_and_no_more() -> None:
    bucket = TokenBucket(2.0, 2.0)
    assert [bucket.admits(now=0.0) for _ in range(3)] == [True, True, False]
    assert [bucket.admits(now=1e6) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    bucket = TokenBucket(100.0, 1.0)
    assert [bucket.admits(now=now) for now in (5.0, 4.0, 4.0, 4.5)] == [True, False, False, True]


@given(
    st.floats(0.5, 100),
    st.floats(1, 50),
    st.lists(st.floats(0, 2), min_size=1, max_size=100),
)
def test_no_stretch_of_time_has_more_than_its_share(
    per_second: float, burst: float, gaps: list[float]
) -> None:
    bucket = TokenBucket(per_second, burst)
    now, admitted = 0.0, []
    for gap in gaps:
        now += gap
        if bucket.admits(now=now):
            admitted.append(now)
    assert all(one <= other for one, other in pairwise(admitted))
    for first, begin in enumerate(admitted):
        for last, end in enumerate(admitted[first:]):
            assert last + 1 <= burst + per_second * (end - begin) + 1e-6
