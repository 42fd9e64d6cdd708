"""Which rule fits what was heard."""

from __future__ import annotations

import pytest

from sipagent.engine.brain.script import Rule
from sipagent.engine.brain.understanding import Listener, Understood

SLOTS = {
    "day": ("monday", "Sunday"),
    "number": ("one", "twenty", "twenty one"),
}
HOURS = Rule(heard=("what are your (opening|business) hours [on $day]",), say="hours")
OPEN = Rule(heard=("are you open [on] $day", "when are you open"), say="open")
INVOICE = Rule(heard=("a question about (my|an) (invoice|bill)",), say="invoice")
TABLE = Rule(heard=("table $number",), say="table")


def understood(text: str) -> Understood | None:
    return Listener([HOURS, OPEN, INVOICE, TABLE], SLOTS).understand(text)


def says(text: str) -> str | None:
    found = understood(text)
    return None if found is None else found.rule.say


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("What are your opening hours?", "hours"),
        ("what are your business hours on Monday", "hours"),
        ("are you open on monday", "open"),
        ("when are you open", "open"),
        ("a question about an invoice", "invoice"),
        ("a question about my bill", "invoice"),
    ],
)
def test_every_way_to_say_it_is_understood(text: str, rule: str) -> None:
    assert says(text) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("what are you opening hours", "hours"),
        ("hello what are your opening hours please", "hours"),
        ("question about the bill", "invoice"),
    ],
)
def test_a_wrong_word_or_two_does_no_harm(text: str, rule: str) -> None:
    assert says(text) == rule


@pytest.mark.parametrize("text", ["", "?!", "the weather in paris is fine", "on", "what about"])
def test_what_shares_too_little_is_not_understood(text: str) -> None:
    assert understood(text) is None


def test_rare_words_count_more_than_common_ones() -> None:
    phrases = ("i would like to pay", "i would like to buy", "sell")
    rules = [Rule(heard=(phrase,), say=phrase) for phrase in phrases]
    found = Listener(rules, {}).understand("i would sell")
    assert found is not None and found.rule.say == "sell"


def test_the_first_rule_wins_a_tie() -> None:
    first, second = (Rule(heard=("goodbye",), say=each) for each in ("first", "second"))
    assert Listener([first, second], {}).understand("goodbye") == Understood(first, {})


def test_the_words_of_a_slot_are_found() -> None:
    assert understood("are you open on sunday") == Understood(OPEN, {"day": "Sunday"})
    assert understood("when are you open") == Understood(OPEN, {})


def test_the_longest_value_of_a_slot_wins() -> None:
    assert understood("table twenty one") == Understood(TABLE, {"number": "twenty one"})
    assert understood("table twenty") == Understood(TABLE, {"number": "twenty"})


def test_part_of_a_word_is_no_value() -> None:
    found = understood("table twenty someone")
    assert found is not None and found.slots == {"number": "twenty"}
