"""Checks across plans: one name each, and no plan that another one always keeps from its calls.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from .documents import Document
from .findings import Finding, Severity
from .globs import covers, specificity
from .matching import rank_of
from .models import Dialplan


def check_routes(plans: Sequence[tuple[Dialplan, Document]]) -> list[Finding]:
    """Return what is wrong with plans that are each right by themselves."""
    return [*_same_names(plans), *_shadowed(plans)]


def _same_names(plans: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    first: dict[str, Document] = {}
    for plan, document in plans:
        other = first.setdefault(plan.name, document)
        if other is not document:
            where = f"{other.file}:{other.line_of(('name',))}"
            yield document.finding(("name",), f'"{plan.name}" is the name of {where} already')


def _shadowed(plans: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    for plan, document in plans:
        names = shadowing(plan, [other for other, _ in plans if other.name != plan.name])
        if names:
            text = f"never takes a call: {', '.join(names)} always takes it first"
            key = ("match", "called") if "match" in document.data else ("name",)
            yield document.finding(key, text, Severity.WARNING)


def shadowing(plan: Dialplan, others: Sequence[Dialplan]) -> list[str]:
    """Return which of the others, together, surely take every call that ``plan`` matches.

    Empty when ``plan`` may have calls of its own.
    """
    takers = set()
    wider = [
        _Wider(other, plan)
        for other in others
        if _needs_no_more_headers(other, plan)
        and _takes_its_trunks(other, plan)
        and (other.match.emergency or not plan.match.emergency)  # else emergencies are its own
    ]
    for called, caller in product(plan.match.called, plan.match.caller):
        taker = next((each.name for each in wider if each.takes(called, caller)), None)
        if taker is None:
            return []
        takers.add(taker)
    return sorted(takers)


class _Wider:
    """Another plan, looked at from ``plan``: which of the plan's calls does it surely take?"""

    def __init__(self, other: Dialplan, plan: Dialplan) -> None:
        self.name = other.name
        self._other, self._plan = other, plan
        self._called = _covering(other.match.called, plan.match.called)
        self._caller = _covering(other.match.caller, plan.match.caller)

    def takes(self, called: str, caller: str) -> bool:
        """Tell whether it takes every call that these globs of the plan match."""
        wide_called, wide_caller = self._called[called], self._caller[caller]
        if wide_called is None or wide_caller is None:
            return False
        first = rank_of(self._other, wide_called, wide_caller)
        second = rank_of(self._plan, called, caller)
        return first > second or (first == second and self.name < self._plan.name)


def _covering(wide: Sequence[str], narrow: Sequence[str]) -> dict[str, str | None]:
    """Return for each narrow glob the most specific of the wide ones that covers it."""
    return {
        each: max((glob for glob in wide if covers(glob, each)), key=specificity, default=None)
        for each in narrow
    }


def _needs_no_more_headers(other: Dialplan, plan: Dialplan) -> bool:
    """Tell whether what ``plan`` asks for beyond called and caller satisfies ``other`` too."""
    asked = {name.lower(): glob for name, glob in plan.match.header.items()}
    have_headers = all(
        name.lower() in asked and covers(glob, asked[name.lower()])
        for name, glob in other.match.header.items()
    )
    return (
        have_headers
        and _covers_all(other.match.asserted_caller, plan.match.asserted_caller)
        and _covers_all(other.match.diverted_from, plan.match.diverted_from)
    )


def _covers_all(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return all(any(covers(glob, each) for glob in wide) for each in narrow)


def _takes_its_trunks(other: Dialplan, plan: Dialplan) -> bool:
    """Tell whether ``other`` takes calls of every trunk that ``plan`` does."""
    if not other.match.trunk:
        return True
    return bool(plan.match.trunk) and set(plan.match.trunk) <= set(other.match.trunk)
