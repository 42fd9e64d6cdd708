"""Telephone numbers without their last digits.

Enough is left to tell callers apart, and to see which country and line it was about.
"""

from __future__ import annotations

import re

HIDDEN_DIGITS = 3
STARS = "*" * HIDDEN_DIGITS

_SHORTEST = 5
"""Extensions are nobody's private number, and nothing would be left of them."""

_IN_TEXT = re.compile(r"(\b(?:sips?|tel):\+?|\+)([0-9]{5,})")
"""Numbers that say what they are: in a URI, or with the plus of E.164."""


def masked_number(number: str) -> str:
    """Return ``number`` with its last digits hidden; what is none as it is."""
    if len(number) < _SHORTEST or not number[-HIDDEN_DIGITS:].isdigit():
        return number
    return number[:-HIDDEN_DIGITS] + STARS


def mask_numbers(text: str) -> str:
    """Return ``text`` with the last digits of the numbers in it hidden."""
    return _IN_TEXT.sub(lambda found: found[1] + masked_number(found[2]), text)
