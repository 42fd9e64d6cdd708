"""Globs on user parts and header values: do they match, which is more specific, which covers which.

``*`` any text, ``?`` one character, ``[0-9]`` one of a set. Case does not matter. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import NamedTuple

_PARTS = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)

MAX_CHARS = 256


class Specificity(NamedTuple):
    """How much a glob pins down; the greater is the more specific."""

    literals: int
    """Characters that must be there as written."""
    sets: int
    singles: int
    """Question marks."""
    minus_stars: int


def matches(glob: str, text: str) -> bool:
    """Tell whether ``glob`` matches the whole of ``text``."""
    return _matcher(glob)(text.casefold())


@lru_cache(maxsize=8192)
def _matcher(glob: str) -> Callable[[str], bool]:
    """Return what tells whether a folded text matches; a number or its beginning need no regex."""
    folded = glob.casefold()
    prefix = folded[:-1]
    if not is_glob(folded):
        return lambda text: text == folded
    if folded.endswith("*") and not is_glob(prefix):
        return lambda text: text.startswith(prefix)
    pattern = re.compile(translate(folded))  # which ends with the end of the text
    return lambda text: pattern.match(text) is not None


@lru_cache(maxsize=8192)
def specificity(glob: str) -> Specificity:
    """Return how specific ``glob`` is: first by its literal characters."""
    parts = _PARTS.findall(glob)
    stars, singles = parts.count("*"), parts.count("?")
    sets = sum(len(part) > 1 for part in parts)
    return Specificity(len(parts) - stars - singles - sets, sets, singles, -stars)


def covers(wide: str, narrow: str) -> bool:
    """Tell whether everything ``narrow`` matches is surely matched by ``wide`` too.

    Answers only for the shapes people write: equal globs, ``*``, ``+4930*`` over ``+4930123*``,
    and any glob over plain text. False when in doubt.
    """
    wide, narrow = wide.casefold(), narrow.casefold()
    if wide in {narrow, "*"}:
        return True
    if not is_glob(narrow):
        return fnmatchcase(narrow, wide)
    prefix = wide[:-1]
    return wide.endswith("*") and not is_glob(prefix) and narrow.startswith(prefix)


def is_glob(text: str) -> bool:
    """Tell whether ``text`` has anything but literal characters."""
    return any(character in text for character in "*?[")
