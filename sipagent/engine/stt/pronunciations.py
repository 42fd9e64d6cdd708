"""How the words of a language model are spoken: its share of the pronouncing dictionary.

A decoder searches all words of its dictionary for each language model it is given, which takes
seconds with the 135,000 of the whole one and nothing with the few that can be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pronunciations:
    """The share of some words."""

    dictionary: str
    """Lines of the dictionary, in its order."""
    missing: frozenset[str]
    """Words it does not have."""


def pronunciations(words: Iterable[str], dictionary: Iterable[str]) -> Pronunciations:
    """Return what ``dictionary`` says of ``words``.

    Args:
        words: In lower case.
        dictionary: Lines such as ``read R EH D`` and, of another way to say it, ``read(2) R IY D``.
    """
    wanted, found, lines = frozenset(words), set(), []
    for line in dictionary:
        word = line.partition(" ")[0].partition("(")[0]
        if word in wanted:
            found.add(word)
            lines.append(line.rstrip("\n") + "\n")
    return Pronunciations("".join(lines), wanted - found)
