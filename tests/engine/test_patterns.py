"""Phrase patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.brain.patterns import SAMPLES_PER_PATTERN, PatternError, expand

SLOTS = {"day": ["Monday", "all Saints day"]}

WORDS = st.sampled_from(["red", "green", "blue", "what", "o'clock", "7"])
PATTERNS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(" ".join),
        st.lists(inner, min_size=2, max_size=4).map(lambda each: f"({'|'.join(each)})"),
        inner.map(lambda each: f"[{each}]"),
    ),
    max_leaves=12,
)


def test_words_are_themselves_in_lower_case() -> None:
    assert expand("What Time is it, please?") == ["what time is it please"]


def test_a_choice_is_each_of_its_branches() -> None:
    assert sorted(expand("a (b|c d) e")) == ["a b e", "a c d e"]


def test_an_option_is_said_and_left_out() -> None:
    assert sorted(expand("a [b]")) == ["a", "a b"]


def test_a_choice_needs_no_brackets_around_the_whole() -> None:
    assert sorted(expand("a b | c")) == ["a b", "c"]


def test_brackets_nest() -> None:
    assert sorted(expand("a [b (c|d)]")) == ["a", "a b c", "a b d"]


def test_a_slot_is_each_of_its_values_in_lower_case() -> None:
    assert sorted(expand("on $day", SLOTS)) == ["on all saints day", "on monday"]


def test_a_phrase_reached_in_two_ways_is_told_once() -> None:
    assert sorted(expand("(a|a) [b]")) == ["a", "a b"]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(a|b", "'(' is not closed"),
        ("[a", "'[' is not closed"),
        ("(a]", "'(' is not closed"),
        ("a) b", "unexpected ')'"),
        ("at $hour", "there is no slot 'hour'"),
        ("$", "only words"),
        ("a {b}", "only words"),
        ("a*", "only words"),
        ("", "says nothing"),
        ("[]", "says nothing"),
        ("( | )", "says nothing"),
        ("[" * 5_000 + "a" + "]" * 5_000, "nested too deeply"),
    ],
)
def test_what_is_not_well_formed_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(PatternError, match=re.escape(complaint)):
        expand(pattern, SLOTS)


def test_the_first_few_samples_hold_every_word() -> None:
    slots = {each: [f"{each}{number}" for number in range(12)] for each in "abc"}
    phrases = expand("$a $b (at|on) $c", slots)
    said = {word for phrase in phrases[:12] for word in phrase.split()}
    assert said == {word for values in slots.values() for word in values} | {"at", "on"}


@pytest.mark.parametrize("pattern", ["$a $b | goodbye", "($a $b | goodbye) now", "[$a $b] goodbye"])
def test_more_than_fits_leaves_no_branch_out(pattern: str) -> None:
    slots = {each: [f"{each}{number}" for number in range(20)] for each in "ab"}
    phrases = expand(pattern, slots)
    said = {word for phrase in phrases for word in phrase.split()}
    assert len(phrases) == SAMPLES_PER_PATTERN
    assert {"goodbye", "a19", "b19"} <= said


def test_more_than_fits_still_leaves_an_option_out() -> None:
    slots = {"number": [f"n{number}" for number in range(SAMPLES_PER_PATTERN)]}
    assert "goodbye" in expand("[$number] goodbye", slots)


@given(PATTERNS)
def test_every_word_of_a_pattern_is_said(pattern: str) -> None:
    phrases = expand(f"well {pattern}")
    said = {word for phrase in phrases for word in phrase.split()}
    assert said == set(re.findall(r"[a-z0-9']+", f"well {pattern}"))
    assert len(phrases) == len(set(phrases)) <= SAMPLES_PER_PATTERN
