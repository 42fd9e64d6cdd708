"""What is left of telephone numbers."""

from __future__ import annotations

import pytest

from sipagent.masking import mask_numbers, masked_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+4930123456", "+4930123***"),
        ("0301234", "0301***"),
        ("4711", "4711"),
        ("front-desk", "front-desk"),
        ("", ""),
    ],
)
def test_the_last_digits_are_hidden(number: str, shown: str) -> None:
    assert masked_number(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no plan takes sip:+4930123456@host", "no plan takes sip:+4930123***@host"),
        ("to tel:030123456;phone-context=x", "to tel:030123***;phone-context=x"),
        ("sips:493012345@a and sip:100@b", "sips:493012***@a and sip:100@b"),
        ("calls +493012345, then hangs up", "calls +493012***, then hangs up"),
        ("1732186800 seconds, 4930123456 bytes", "1732186800 seconds, 4930123456 bytes"),
        ("sip:front-desk@127.0.0.1:50601", "sip:front-desk@127.0.0.1:50601"),
    ],
)
def test_numbers_in_a_text_are_known_by_what_is_before_them(text: str, shown: str) -> None:
    assert mask_numbers(text) == shown
