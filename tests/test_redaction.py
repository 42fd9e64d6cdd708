"""Digits that no text shows, however they are written."""

from __future__ import annotations

import pytest

from sipagent.redaction import HIDDEN, Redaction

CARD = "4111111111111111"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1",
        f'{{"card":"{CARD}"}}',
        f"00{CARD}",
    ],
)
def test_a_long_number_is_hidden_in_whatever_it_is_written(text: str) -> None:
    redaction = Redaction()
    redaction.hide(CARD)
    assert HIDDEN in redaction.apply(text)
    assert "1111" not in redaction.apply(text)
    assert "1, 1, 1, 1" not in redaction.apply(text)


def test_a_short_number_is_hidden_only_where_it_stands_alone() -> None:
    redaction = Redaction()
    redaction.hide("123")
    assert redaction.apply("123 and 1-2-3, not 91234") == f"{HIDDEN} and {HIDDEN}, not 91234"


def test_other_numbers_are_shown() -> None:
    redaction = Redaction()
    assert redaction.apply("at 12 o'clock") == "at 12 o'clock"
    redaction.hide(CARD)
    assert redaction.apply("ending in 1111") == "ending in 1111"


def test_keys_that_are_no_digits_are_hidden_too() -> None:
    redaction = Redaction()
    redaction.hide("12*4")
    assert redaction.apply("it is 12*4.") == f"it is {HIDDEN}."


def test_a_number_is_shown_again_when_everybody_has_revealed_it() -> None:
    redaction = Redaction()
    redaction.hide("1234")
    redaction.hide("1234")
    redaction.reveal("1234")
    assert redaction.apply("1234") == HIDDEN
    redaction.reveal("1234")
    assert redaction.apply("1234") == "1234"
