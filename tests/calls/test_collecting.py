"""A number that an agent asked for: when it is whole, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.calls.collecting import (
    LIMIT_S,
    Collection,
    FieldSettings,
    Outcome,
    has_luhn_digit,
    shown,
    told,
)


def collection(**field: Any) -> Collection:
    """Return one that begins at 0."""
    return Collection(FieldSettings("pin", **field), 0.0)


def typed(running: Collection, keys: str, now: float = 1.0) -> list[Outcome | None]:
    """Press ``keys``; return what each meant."""
    return [running.press(key, now) for key in keys]


def test_the_end_key_ends_a_number_and_is_no_part_of_it() -> None:
    running = collection()
    assert typed(running, "12*#") == [None, None, None, Outcome.COLLECTED]
    assert running.digits == "12*"


def test_a_number_is_whole_with_all_its_digits() -> None:
    assert typed(collection(max_digits=3, end=""), "12#") == [None, None, Outcome.COLLECTED]


def test_a_number_is_whole_after_a_pause() -> None:
    running = collection(pause_s=3.0)
    typed(running, "12", now=4.0)
    assert running.deadline() == 7.0
    assert running.due(6.9) is None
    assert running.due(7.0) is Outcome.COLLECTED


@pytest.mark.parametrize("keys", ["123#", "#"])
def test_a_number_that_ends_early_is_too_short(keys: str) -> None:
    assert typed(collection(min_digits=4), keys)[-1] is Outcome.TOO_SHORT


def test_a_pause_too_early_makes_it_too_short() -> None:
    running = collection(min_digits=4)
    typed(running, "12")
    assert running.due(1.0 + running.field.pause_s) is Outcome.TOO_SHORT


@pytest.mark.parametrize("keys", ["", "12"])
def test_nobody_waits_for_keys_of_a_caller_who_has_us_on_hold(keys: str) -> None:
    running = collection(timeout_s=10.0, pause_s=10.0)
    typed(running, keys, now=0.0)
    running.held(4.0)
    running.held(5.0)
    assert running.deadline() is None
    assert running.due(1_000.0) is None
    running.resumed(1_004.0)
    assert running.deadline() == 1_010.0


def test_a_caller_who_was_not_away_is_not_back() -> None:
    running = collection(timeout_s=10.0)
    running.resumed(5.0)
    assert running.deadline() == 10.0


def test_nobody_waits_for_a_first_key_before_the_agent_is_silent() -> None:
    running = collection(timeout_s=10.0)
    assert running.deadline() == 10.0
    running.prompted(8.0)
    assert running.due(17.9) is None
    assert running.due(18.0) is Outcome.TIMEOUT


def test_the_agent_gives_no_more_time_once_a_key_is_pressed() -> None:
    running = collection(pause_s=5.0)
    typed(running, "1", now=2.0)
    running.prompted(6.0)
    assert running.deadline() == 7.0


def test_it_ends_whatever_happens() -> None:
    running = collection(max_digits=64)
    running.prompted(LIMIT_S - 1)
    assert running.due(LIMIT_S) is Outcome.TIMEOUT


def test_what_the_caller_says_ends_it_only_if_the_field_says_so() -> None:
    assert collection().spoke() is None
    assert collection(ends_on_speech=True).spoke() is Outcome.INTERRUPTED


def test_a_mistyped_card_number_is_invalid() -> None:
    assert typed(collection(check="luhn"), "4111111111111112#")[-1] is Outcome.INVALID
    assert typed(collection(check="luhn"), "4111111111111111#")[-1] is Outcome.COLLECTED


@pytest.mark.parametrize("digits", ["4111111111111111", "378282246310005", "0", "18"])
def test_the_last_digit_proves_the_others(digits: str) -> None:
    assert has_luhn_digit(digits)
    assert not has_luhn_digit(digits[:-1] + str((int(digits[-1]) + 1) % 10))


def test_keys_that_are_no_digits_prove_nothing() -> None:
    assert not has_luhn_digit("18*")


@pytest.mark.parametrize(
    ("digits", "end"), [("4111111111111234", "1234"), ("1234567890", "90"), ("12345678", "")]
)
def test_of_a_secret_its_end_is_shown_and_eight_digits_never(digits: str, end: str) -> None:
    assert shown(FieldSettings("n", is_sensitive=True), digits) == end
    assert shown(FieldSettings("n", is_sensitive=True, show_last=0), digits) == ""
    assert shown(FieldSettings("n"), digits) == digits


def test_what_the_model_is_told_begins_with_the_outcome() -> None:
    field = FieldSettings("card", min_digits=4, is_sensitive=True)
    texts = {outcome: told(field, outcome, "4111111111111234") for outcome in Outcome}
    assert all(text.startswith(f"{outcome}: ") for outcome, text in texts.items())
    assert not any("41111" in text for text in texts.values())
    assert "card, 16 digits ending in 1234;" in texts[Outcome.COLLECTED]
    assert told(FieldSettings("order"), Outcome.COLLECTED, "4711") == "collected: 4711"
