"""Text as it is spoken: digits one by one where people say them so. Pure."""

from __future__ import annotations

import re

_PHONE = re.compile(r"\+?\d[\d ()/-]{5,}\d")
_CODE = re.compile(r"\b(?=\w*\d)[A-Za-z]*\d[\w-]{3,}\b")
_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPOKEN = {"+": "plus"} | {str(digit): name for digit, name in enumerate(_NAMES)}


def spoken(text: str) -> str:
    """Return ``text`` with telephone numbers and codes of four digits and more spelled out."""
    return _CODE.sub(_spelled, _PHONE.sub(_spelled, text))


def _spelled(match: re.Match[str]) -> str:
    words = [_SPOKEN.get(each, each if each.isalpha() else "") for each in match.group(0)]
    return " ".join(word for word in words if word)
