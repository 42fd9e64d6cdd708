"""Telephone numbers, which people and exchanges write in many ways, in one form. Pure.

Separators are left out, ``00`` and, where the country is known, a national ``0`` become ``+``
(RFC 3966 section 5.1; ITU-T E.164, E.123). Only ASCII digits are digits.
"""

from __future__ import annotations

import re

SHORTEST_ABROAD = 7
"""Digits with 00; 000 is an emergency number."""

_SEPARATORS = re.compile(r"[\s().\-/]+")
_KEEPS_ZERO = frozenset({"", "+39", "+378"})
"""Where numbers begin with 0 in other countries, too: Italy and San Marino."""

_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


def one_form(text: str, country_code: str = "") -> str | None:
    """Return the number that ``text`` writes in its one form, None if it is none."""
    if text[:4].lower() == "tel:":
        text = text[4:].partition(";")[0]
    number = _SEPARATORS.sub("", text)
    if not _NUMBER.fullmatch(number):
        return None
    if number.startswith("00") and len(number) >= SHORTEST_ABROAD:
        number = "+" + number[2:]
    elif country_code and number.startswith("0"):
        number = country_code + number
    if country_code not in _KEEPS_ZERO and number.startswith(country_code + "0"):
        number = country_code + number[len(country_code) :].lstrip("0")  # +49 (0)30
    return number
