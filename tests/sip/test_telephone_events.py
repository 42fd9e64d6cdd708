"""When PJSIP's reports of telephone events are keys pressed anew, as PJSIP 2.15 gives them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sipagent.sip.telephone_events import EventReport, TelephoneEvents

Told = tuple[str, int, int, int]
"""Key, timestamp, duration and PJSIP's flags: 1 update, 2 end."""


def presses(reports: Sequence[Told]) -> str:
    """Return the keys that count."""
    events = TelephoneEvents()
    return "".join(
        key
        for key, timestamp_ms, duration_ms, flags in reports
        if events.is_press(
            EventReport(
                key, timestamp_ms, duration_ms, is_end=flags >= 2, is_update=bool(flags & 1)
            )
        )
    )


WHOLE = [("5", 100, 20, 0), ("5", 100, 40, 1), ("5", 100, 100, 3)]


@pytest.mark.parametrize(
    ("reports", "keys"),
    [
        (WHOLE, "5"),
        ([*WHOLE, ("5", 500, 20, 0), ("5", 500, 40, 3)], "55"),
        ([*WHOLE, ("7", 500, 20, 0), ("5", 900, 20, 0)], "575"),
    ],
    ids=["one", "twice", "another between"],
)
def test_each_press_counts_once(reports: list[Told], keys: str) -> None:
    assert presses(reports) == keys


def test_a_second_press_counts_though_it_looks_like_more_of_the_first() -> None:
    assert presses([("5", 100, 20, 0), ("5", 100, 40, 1), ("5", 500, 80, 1)]) == "55"


def test_an_update_that_says_less_is_no_press() -> None:
    reports = [("5", 100, 60, 0), ("5", 100, 40, 0), ("5", 100, 80, 3), ("5", 100, 60, 0)]
    assert presses(reports) == "5"


def test_a_long_press_goes_on_with_a_new_timestamp() -> None:
    assert presses([("5", 100, 8191, 1), ("5", 8291, 20, 0), ("5", 8291, 40, 3)]) == "5"


def test_a_press_just_as_long_after_one_that_ended_counts() -> None:
    assert presses([("5", 100, 100, 2), ("5", 8291, 20, 0)]) == "55"


def test_a_timestamp_that_advances_with_the_duration_is_one_press() -> None:
    assert presses([("5", 100, 20, 0), ("5", 120, 40, 1), ("5", 160, 80, 3)]) == "5"


def test_a_flash_is_no_key_and_parts_what_is_around_it() -> None:
    assert presses([("5", 100, 20, 0), ("R", 300, 20, 0), ("5", 500, 40, 0)]) == "55"
