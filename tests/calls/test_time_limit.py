"""The time a call has."""

from __future__ import annotations

from sipagent.calls.time_limit import TimeLimit, TimeUp


def counting(max_duration_s: float = 60.0, warn_before_s: float = 10.0) -> TimeLimit:
    limit = TimeLimit(max_duration_s, warn_before_s)
    limit.start(100.0)
    return limit


def test_the_caller_is_warned_once_and_then_the_time_is_up() -> None:
    limit = counting()
    assert limit.deadline() == 150.0
    assert limit.due(149.9) is None
    assert limit.due(150.0) is TimeUp.WARN
    assert (limit.due(150.1), limit.deadline()) == (None, 160.0)
    assert limit.due(160.0) is TimeUp.END
    assert (limit.due(161.0), limit.deadline()) == (None, None)


def test_without_a_warning_there_is_only_the_end() -> None:
    assert counting(warn_before_s=0.0).deadline() == 160.0
    assert counting(warn_before_s=60.0).deadline() == 160.0


def test_a_warning_that_comes_with_the_end_is_left_out() -> None:
    limit = counting()
    assert limit.due(170.0) is TimeUp.END
    assert limit.due(170.0) is None


def test_nothing_is_due_before_the_first_word() -> None:
    limit = TimeLimit(60.0, 10.0)
    assert (limit.deadline(), limit.due(1e9)) == (None, None)
