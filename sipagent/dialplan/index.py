"""Which plans may take a call, by the numbers in it: a first look, quick and generous.

Most globs are a number, or the beginning of one. Those are looked up; only what is left is tried
glob by glob. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from .call_keys import CallKeys
from .globs import is_glob, matches
from .models import Dialplan
from .ranks import ANY


class PlanIndex:
    """Plans by their globs on who was called, or on the caller if it is all the same to them.

    Args:
        plans: In the order in which they are to be told.
    """

    def __init__(self, plans: Sequence[Dialplan]) -> None:
        self._plans = plans
        self._by_called, self._by_caller = _GlobIndex(), _GlobIndex()
        for position, plan in enumerate(plans):
            is_by_caller = plan.match.called == ANY
            index = self._by_caller if is_by_caller else self._by_called
            for glob in plan.match.caller if is_by_caller else plan.match.called:
                index.add(glob.casefold(), position)

    def plans_for(self, keys: CallKeys) -> Iterator[Dialplan]:
        """Yield the plans that may match; all others do not."""
        found = self._by_called.find(keys.called.casefold())
        found |= self._by_caller.find(keys.caller.casefold())
        return (self._plans[position] for position in sorted(found))


class _GlobIndex:
    def __init__(self) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[int]] = defaultdict(list)
        self._others: list[tuple[str, int]] = []
        self._lengths: set[int] = set()
        """Of the prefixes."""

    def add(self, glob: str, position: int) -> None:
        prefix = glob[:-1]
        if not is_glob(glob):
            self._exact[glob].append(position)
        elif glob.endswith("*") and not is_glob(prefix):
            self._prefixes[prefix].append(position)
            self._lengths.add(len(prefix))
        else:
            self._others.append((glob, position))

    def find(self, text: str) -> set[int]:
        """Return the positions whose globs match."""
        found = set(self._exact.get(text, ()))
        for length in self._lengths:
            if length <= len(text):
                found.update(self._prefixes.get(text[:length], ()))
        found.update(position for glob, position in self._others if matches(glob, text))
        return found
