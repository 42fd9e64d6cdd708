"""What is told of an endpoint's errors."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.quoting import MOST_QUOTED_CHARS, Said, said_in_body

SECRET = "sk-very-secret"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "No.", "type": "t", "code": "c"}}, Said("No.", "c")),
        ({"error": {"message": "No.", "type": "t", "code": None}}, Said("No.", "t")),
        ({"error": {"message": "No.", "type": "t", "code": 400}}, Said("No.", "t")),
        ({"error": {"code": "c"}}, Said("", "c")),
        ({"error": "No."}, Said("No.", "")),
        (
            {"object": "error", "message": "No.", "type": "BadRequestError"},
            Said("No.", "BadRequestError"),
        ),
        ({"type": "error", "message": "No.", "code": "c"}, Said("No.", "c")),
        ({"type": "error", "message": "No.", "code": None}, Said("No.", "")),
        ({"error": {"message": {"a": 1}}}, Said("", "")),
        ([], Said("", "")),
        (None, Said("", "")),
    ],
)
def test_errors_are_found_wherever_endpoints_put_them(body: object, said: Said) -> None:
    assert said_in_body(orjson.dumps(body), []) == said


def test_what_is_no_json_says_nothing() -> None:
    assert said_in_body(b"<html>no</html>", []) == Said("", "")


def test_secrets_are_blotted_out_before_the_line_is_cut() -> None:
    text = "x" * (MOST_QUOTED_CHARS - 5) + SECRET
    said = said_in_body(
        orjson.dumps({"error": {"message": text, "code": SECRET}}), [SECRET, "", "sk"]
    )
    assert said.message.endswith("x***")
    assert said.code == "***"


def test_a_long_message_is_cut_and_is_one_line() -> None:
    said = said_in_body(orjson.dumps({"error": {"message": "no\n\x1b" * 400}}), [])
    assert len(said.message) == MOST_QUOTED_CHARS
    assert said.message.isprintable()
    assert said.message.endswith("…")


def test_a_message_goes_before_a_code() -> None:
    assert Said("No.", "c").after("it failed") == "it failed: No."
    assert [str(Said("No.", "c")), str(Said("", "c")), str(Said("", ""))] == ["No. (c)", "c", ""]
    assert Said("", "c").after("it failed") == "it failed: c"
    assert Said("", "").after("it failed") == "it failed"


@given(st.text(max_size=400), st.integers(0, 400))
def test_no_quote_is_too_long_or_tells_even_a_part_of_a_key(text: str, at: int) -> None:
    body = orjson.dumps({"error": {"message": text[:at] + SECRET + text[at:]}})
    said = said_in_body(body, [SECRET]).message
    assert len(said) <= MOST_QUOTED_CHARS
    assert "very" not in said or "very" in text
    assert len(said.splitlines()) <= 1
