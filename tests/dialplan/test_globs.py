"""Globs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.globs import covers, is_glob, matches, specificity

GLOBS = st.text(st.sampled_from("ab1+*?[]!-"), max_size=8)
TEXTS = st.text(st.sampled_from("abAB1+"), max_size=8)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("+4930123*", "+4930*"),
        ("+4930123", "+4930123*"),
        ("front-desk", "*"),
        ("+49[0-4]*", "+49*"),
        ("+49[0-4]*", "+49?*"),
        ("+49?*", "+49*"),
        ("", "*"),
        ("?", "*"),
    ],
)
def test_more_literal_characters_are_more_specific(more: str, less: str) -> None:
    assert specificity(more) > specificity(less)


def test_case_does_not_matter() -> None:
    assert matches("Front-*", "fRONT-desk")
    assert covers("front-*", "FRONT-desk*")


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "+49?", True),
        ("+49*", "+4930*", True),
        ("+4930*", "+49*", False),
        ("+49*", "+49", True),
        ("+49?", "+491", True),
        ("+49?", "+49*", False),
        ("a*b", "ab", True),
        ("a*b", "a*b*", False),
    ],
)
def test_wide_globs_cover_narrow_ones(wide: str, narrow: str, expected: bool) -> None:
    assert covers(wide, narrow) is expected


@given(wide=GLOBS, narrow=GLOBS, text=TEXTS)
def test_what_covers_matches_all_that_the_covered_one_matches(
    wide: str, narrow: str, text: str
) -> None:
    if covers(wide, narrow) and matches(narrow, text):
        assert matches(wide, text)


@given(TEXTS)
def test_plain_text_matches_itself_and_is_most_specific(text: str) -> None:
    assert not is_glob(text)
    assert matches(text, text)
    assert specificity(text) > specificity(text + "*")


def test_a_hostile_glob_does_not_hang() -> None:
    assert not matches("*a" * 100, "a" * 60 + "b")
