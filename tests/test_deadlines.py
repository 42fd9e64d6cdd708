"""Which of several deadlines is the first."""

from sipagent.deadlines import earliest


def test_the_first_of_all_that_there_are_counts() -> None:
    assert earliest([None, 3.0, 2.0, None]) == 2.0


def test_without_any_nothing_is_due() -> None:
    assert earliest([]) is None
    assert earliest([None, None]) is None
