"""Digits that no text may show: what callers keyed in and the plan calls sensitive.

A tool may log what it was given, return it, or raise an error with it. So whatever leaves a call as
text, to the model, to record and timeline or to the log, is looked through for these digits, with
spaces, hyphens and the like between them. The log is one for the whole process, and so is this.

Any thread.
"""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

SHORTEST = 3
"""Of what can be hidden: fewer digits stand in any text by chance."""

SURE = 8
"""So many digits are hidden inside longer numbers, too."""

_BETWEEN = r"[\s.,_/-]{0,2}"


class Redaction:
    """Digits to be hidden, as often as they were asked to be."""

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def hide(self, digits: str) -> None:
        """Let no text show ``digits`` until it was revealed as often."""
        self._values[digits] = self._values.get(digits, 0) + 1
        self._compile()

    def reveal(self, digits: str) -> None:
        """Take back one :meth:`hide`."""
        self._values[digits] -= 1
        if not self._values[digits]:
            del self._values[digits]
        self._compile()

    def apply(self, text: str) -> str:
        """Return ``text`` without them."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(HIDDEN, text)

    def _compile(self) -> None:
        values = sorted((each for each in self._values if len(each) >= SHORTEST), key=len)
        patterns = [_pattern(each) for each in reversed(values)]  # what is in another comes later
        self._pattern = re.compile("|".join(patterns)) if patterns else None


def _pattern(digits: str) -> str:
    spaced = _BETWEEN.join(map(re.escape, digits))
    return spaced if len(digits) >= SURE else rf"(?<!\d){spaced}(?!\d)"


REDACTION = Redaction()
"""Of this process."""
