"""Phrase patterns: what callers may say, written once for recognition and understanding alike.

    what are your (opening|business) hours [on (saturday|sunday)]

``(a|b)`` is a choice, ``[x]`` may be left out, ``$name`` is a word of a slot. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest

SAMPLES_PER_PATTERN = 300
_TOKEN = re.compile(r"[()\[\]|]|\$?[a-z0-9']+", re.IGNORECASE)


class PatternError(ValueError):
    """A pattern is not well formed."""


def expand(pattern: str, slots: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Return the phrases of a pattern, lower case, at most ``SAMPLES_PER_PATTERN``.

    Raises:
        PatternError: If brackets do not match, a slot is unknown, or nothing is left to say.
    """
    tokens = _TOKEN.findall(pattern.lower())
    if "".join(tokens) != re.sub(r"[\s,.?!-]", "", pattern.lower()):
        raise PatternError(f"{pattern!r}: only words, (a|b), [x] and $slot are understood")
    try:
        choices, rest = _choices(tokens, 0, slots or {}, pattern)
    except RecursionError:
        raise PatternError(f"{pattern[:40]!r}...: brackets are nested too deeply") from None
    if rest != len(tokens):
        raise PatternError(f"{pattern!r}: unexpected {tokens[rest]!r}")
    phrases = dict.fromkeys(" ".join(words) for words in choices if words)
    if not phrases:
        raise PatternError(f"{pattern!r}: says nothing")
    return list(islice(phrases, SAMPLES_PER_PATTERN))


def _choices(
    tokens: Sequence[str], at: int, slots: Mapping[str, Sequence[str]], pattern: str
) -> tuple[list[list[str]], int]:
    branches: list[list[list[str]]] = []
    sequence: list[list[str]] = [[]]
    while at < len(tokens) and tokens[at] not in ")]":
        token = tokens[at]
        if token == "|":
            branches.append(sequence)
            sequence = [[]]
            at += 1
            continue
        options, at = _term(tokens, at, slots, pattern)
        sequence = list(islice(_joined(sequence, options), SAMPLES_PER_PATTERN))
    return list(_by_turns([*branches, sequence])), at


def _term(
    tokens: Sequence[str], at: int, slots: Mapping[str, Sequence[str]], pattern: str
) -> tuple[list[list[str]], int]:
    token = tokens[at]
    if token in "([":
        inner, end = _choices(tokens, at + 1, slots, pattern)
        closing = ")" if token == "(" else "]"
        if end >= len(tokens) or tokens[end] != closing:
            raise PatternError(f"{pattern!r}: {token!r} is not closed")
        return (inner if token == "(" else [[], *inner]), end + 1
    if token.startswith("$"):
        values = slots.get(token[1:])
        if values is None:
            raise PatternError(f"{pattern!r}: there is no slot {token[1:]!r}")
        return [value.lower().split() for value in values], at + 1
    return [[token]], at + 1


def _joined(left: list[list[str]], right: list[list[str]]) -> Iterator[list[str]]:
    """Yield every pair, both sides advancing: the first few already have every word."""
    cycle = math.lcm(len(left), len(right))
    for at in range(len(left) * len(right)):
        yield [*left[at % len(left)], *right[(at + at // cycle) % len(right)]]


def _by_turns(branches: Sequence[list[list[str]]]) -> Iterator[list[str]]:
    """Yield from every branch in turn: where not all of them fit, each is still said."""
    for row in zip_longest(*branches):
        yield from (words for words in row if words is not None)
