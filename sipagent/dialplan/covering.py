"""Which plans may take all that another one matches, by the numbers in it: a first look. Pure.

It is generous, and quick among a thousand plans: equal globs, and those that are the beginning of a
number, are looked up; the few that are neither are always named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .globs import is_glob
from .models import Dialplan


class CoverIndex:
    """Plans by their globs on who was called, and on the caller.

    Args:
        plans: Positions in it are what is told.
    """

    def __init__(self, plans: Sequence[Dialplan]) -> None:
        self._called, self._caller = _Globs(), _Globs()
        for position, plan in enumerate(plans):
            self._called.add(plan.match.called, position)
            self._caller.add(plan.match.caller, position)

    def may_cover(self, plan: Dialplan) -> list[int]:
        """Return the plans that may cover some numbers of ``plan``, in order; it is one itself."""
        match = plan.match
        return sorted(self._called.over(match.called) & self._caller.over(match.caller))


class _Globs:
    def __init__(self) -> None:
        self._equal: dict[str, set[int]] = defaultdict(set)
        self._beginnings: dict[str, set[int]] = defaultdict(set)
        self._others: set[int] = set()
        self._lengths: set[int] = set()
        """Of the beginnings."""

    def add(self, globs: Sequence[str], position: int) -> None:
        for glob in (each.casefold() for each in globs):
            self._equal[glob].add(position)
            if is_glob(glob[:-1]) or glob.endswith(("?", "[")):
                self._others.add(position)
            elif glob.endswith("*"):
                self._beginnings[glob[:-1]].add(position)
                self._lengths.add(len(glob) - 1)

    def over(self, globs: Sequence[str]) -> set[int]:
        found = set(self._others)
        for glob in (each.casefold() for each in globs):
            found |= self._equal.get(glob, set())
            for length in self._lengths:
                found |= self._beginnings.get(glob[:length], set())
        return found
