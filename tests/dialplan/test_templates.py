"""What is filled into a request says no more than it should where it stands."""

from typing import Any

import pytest

from sipagent.dialplan.secrets import Secrets
from sipagent.dialplan.templates import (
    Values,
    arguments_of,
    filled_json,
    filled_line,
    filled_path,
    filled_text,
)
from sipagent.errors import ToolError

HOSTILE = 'x"},{"admin":true'


def values(variables: dict[str, str] | None = None, **arguments: Any) -> Values:
    given = variables or {}
    return Values(arguments, lambda name: given.get(name, ""), Secrets({"KEY": "t0p"}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4711", "/orders/4711/status"),
        ("a b/c?d#e&f%2F", "/orders/a%20b%2Fc%3Fd%23e%26f%252F/status"),
        ("größe", "/orders/gr%C3%B6%C3%9Fe/status"),
        ("x@evil.example:80", "/orders/x%40evil.example%3A80/status"),
        ("a\r\nHost: evil", "/orders/a%0D%0AHost%3A%20evil/status"),
        (7, "/orders/7/status"),
        (True, "/orders/true/status"),
        ("{{secret:KEY}}", "/orders/%7B%7Bsecret%3AKEY%7D%7D/status"),
    ],
)
def test_a_value_is_one_segment_of_a_path(value: object, expected: str) -> None:
    assert filled_path("/orders/{number}/status", values(number=value)) == expected


@pytest.mark.parametrize("value", ["", " ", "..", ".", "../../admin", "..\\admin", "a/../b"])
def test_a_value_cannot_lead_to_another_path(value: str) -> None:
    with pytest.raises(ToolError, match="no path can hold"):
        filled_path("/orders/{number}", values(number=value))


def test_a_missing_argument_leaves_no_empty_segment() -> None:
    with pytest.raises(ToolError):
        filled_path("/orders/{number}", values())


def test_a_header_stays_one_line() -> None:
    caller = {"caller_name": "Eve\r\nX-Admin: 1\x00\u2028y"}
    assert filled_line("by {{caller_name}}", values(caller)) == "by Eve X-Admin: 1 y"


def test_secrets_and_variables_are_filled_in_once() -> None:
    said = {"caller": "{{secret:KEY}}", "header:x-id": "{number}", "collected:card": "4111"}
    template = "{{secret:KEY}} {{ caller }} {{header:X-Id}} {{collected:card}} {number}"
    ours = Values({"number": 1}, lambda name: said.get(name.lower(), ""), Secrets({"KEY": "t0p"}))
    assert filled_line(template, ours) == "t0p {{secret:KEY}} {number} 4111 1"


def test_json_keeps_types_and_shape() -> None:
    template = {
        "count": "{count}",
        "text": "{count} of {what}",
        "note": "{note}",
        "list": ["{note}", "{what}", 3, None],
        "by": "{{caller}}",
        "deep": {"ok": "{ok}"},
    }
    filled = filled_json(template, values({"caller": "+49"}, count=2, what=HOSTILE, ok=False))
    assert filled == {
        "count": 2,
        "text": f"2 of {HOSTILE}",
        "list": [HOSTILE, 3, None],
        "by": "+49",
        "deep": {"ok": False},
    }


def test_what_was_not_given_is_left_out() -> None:
    assert filled_text("{note}", values()) is None
    assert filled_text("{note}", values(note=1.5)) == "1.5"
    assert filled_text("<{note}>", values()) == "<>"


def test_braces_that_name_nothing_are_text() -> None:
    assert arguments_of("{a} { b } {{c}} {1} {} {a}") == {"a"}
    assert filled_text("{1} {}", values()) == "{1} {}"
