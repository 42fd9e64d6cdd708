"""Keys of the keypad: when they are a number, and what the agent is told."""

from __future__ import annotations

import pytest

from sipagent.calls.digits import MOST_DIGITS, DigitBatch, DigitSettings


def pressed(batch: DigitBatch, keys: str, now: float = 0.0) -> list[str]:
    """Press ``keys``; return what was told meanwhile."""
    return [text for key in keys if (text := batch.press(key, now)) is not None]


def test_the_terminator_ends_a_number_and_is_no_part_of_it() -> None:
    batch = DigitBatch(DigitSettings())
    assert pressed(batch, "12*#") == ["The caller pressed 1 2 * on the keypad."]
    assert batch.deadline() is None


def test_a_pause_ends_a_number() -> None:
    batch = DigitBatch(DigitSettings(pause_s=2.0))
    assert pressed(batch, "4", now=10.0) == []
    assert pressed(batch, "2", now=11.0) == []
    assert batch.deadline() == 13.0
    assert batch.due(12.9) is None
    assert batch.due(13.0) == "The caller pressed 4 2 on the keypad."
    assert batch.deadline() is None
    assert batch.due(20.0) is None


def test_a_number_is_whole_with_as_many_digits_as_it_has() -> None:
    batch = DigitBatch(DigitSettings(count=3))
    assert pressed(batch, "12345#") == [
        "The caller pressed 1 2 3 on the keypad.",
        "The caller pressed 4 5 on the keypad.",
    ]


def test_one_number_follows_another() -> None:
    assert pressed(DigitBatch(DigitSettings()), "1#2#") == [
        "The caller pressed 1 on the keypad.",
        "The caller pressed 2 on the keypad.",
    ]


def test_the_terminator_alone_is_told() -> None:
    assert pressed(DigitBatch(DigitSettings(end="*")), "*") == [
        "The caller pressed * on the keypad."
    ]


@pytest.mark.parametrize("end", ["", "*"])
def test_another_key_or_none_may_end_a_number(end: str) -> None:
    batch = DigitBatch(DigitSettings(end=end))
    assert pressed(batch, "1#") == []
    assert batch.due(2.0) == "The caller pressed 1 # on the keypad."


def test_a_stuck_key_is_told_in_pieces() -> None:
    batch = DigitBatch(DigitSettings())
    assert len(pressed(batch, "5" * MOST_DIGITS)) == 1
    assert pressed(batch, "6#") == ["The caller pressed 6 on the keypad."]
