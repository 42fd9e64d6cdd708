"""What is quoted of an error answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.error_bodies import MOST_QUOTED_CHARS, quoted_error

KEY = "sk-very-secret"


def body(message: object, code: object = None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


def test_message_and_code_are_quoted() -> None:
    assert quoted_error(body("No such call.", "not_found"), []) == "No such call. (not_found)"


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        (body("No."), "No."),
        (body(None, "busy"), "busy"),
        (body(7, 8), ""),
        (b"<html>Bad gateway</html>", ""),
        (b"", ""),
        (b'{"error": "no"}', ""),
        (b"[]", ""),
        (b'{"error": {"message": "cut', ""),
    ],
)
def test_what_is_not_there_is_not_quoted(said: bytes, quoted: str) -> None:
    assert quoted_error(said, []) == quoted


def test_a_quote_is_one_line() -> None:
    assert quoted_error(body("No,\r\n\tand\x1b[31m  no\u2028."), []) == "No, and [31m no ."


def test_a_key_that_is_repeated_is_blotted_out() -> None:
    said = quoted_error(body(f"Wrong key {KEY} in Bearer {KEY}"), [KEY, f"Bearer {KEY}", ""])
    assert said == "Wrong key *** in ***"


@given(st.text(max_size=400), st.integers(0, 400))
def test_no_quote_is_too_long_or_tells_even_a_part_of_a_key(text: str, at: int) -> None:
    said = quoted_error(body(text[:at] + KEY + text[at:]), [KEY])
    assert len(said) <= MOST_QUOTED_CHARS
    assert "very" not in said or "very" in text
    assert len(said.splitlines()) <= 1
