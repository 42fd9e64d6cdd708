"""Which rule fits what was heard, recognition errors and all. Pure.

Every rule is expanded to phrases; the heard words are compared with each by what they
share, rare words counting more than common ones. A digit that was typed is its word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .patterns import expand
from .script import Rule

ENOUGH = 0.4
"""Least share of weighted words in common."""

_WORDS = re.compile(r"[a-z0-9']+")

_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {str(digit): name for digit, name in enumerate(_NAMES)}


@dataclass(frozen=True, slots=True)
class Understood:
    """The rule that fits, and the words of its slots."""

    rule: Rule
    slots: dict[str, str]


class Listener:
    """Match what is heard against rules.

    Args:
        rules: In order; the first wins a tie.
        slots: Words by slot.
    """

    def __init__(self, rules: Sequence[Rule], slots: Mapping[str, Sequence[str]]) -> None:
        self._slots = slots
        self._phrases = [
            (rule, frozenset(_words(phrase)))
            for rule in rules
            for pattern in rule.heard
            for phrase in expand(pattern, slots)
        ]
        counts = Counter(word for _, words in self._phrases for word in words)
        total = len(self._phrases) + 1
        self._weights = {word: math.log(1 + total / count) for word, count in counts.items()}

    def understand(self, text: str) -> Understood | None:
        """Return the rule that fits ``text`` best, or None."""
        heard = _words(text)
        if not heard:
            return None
        words = frozenset(heard)
        best, best_score = None, ENOUGH
        for rule, phrase in self._phrases:
            shared = self._weight(words & phrase)
            everything = self._weight(words | phrase)
            score = shared / everything if everything else 0.0
            if score > best_score:
                best, best_score = rule, score
        return None if best is None else Understood(best, self._filled(heard))

    def _filled(self, heard: Sequence[str]) -> dict[str, str]:
        text = f" {' '.join(heard)} "
        filled = {}
        for name, values in self._slots.items():
            spoken = [value for value in values if f" {' '.join(_words(value))} " in text]
            if spoken:
                filled[name] = max(spoken, key=len)  # "twenty one" has "one" in it
        return filled

    def _weight(self, words: frozenset[str]) -> float:
        return sum(self._weights.get(word, 0.5) for word in words)


def _words(text: str) -> list[str]:
    return [_DIGITS.get(word, word) for word in _WORDS.findall(text.lower())]
