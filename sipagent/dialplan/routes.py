"""Checks across plans: one name each, and no plan that another one always keeps from its calls.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from .documents import Document
from .findings import Finding, Severity
from .globs import covers
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
    takers = [
        next((other.name for other in others if _takes_all(other, plan, called, caller)), "")
        for called, caller in product(plan.match.called, plan.match.caller)
    ]
    return sorted(set(takers)) if all(takers) else []


def _takes_all(other: Dialplan, plan: Dialplan, called: str, caller: str) -> bool:
    """Tell whether ``other`` surely takes every call that these globs of ``plan`` match."""
    if not _needs_no_more_headers(other, plan):
        return False
    rank = rank_of(plan, called, caller)
    wider = [
        rank_of(other, wide_called, wide_caller)
        for wide_called, wide_caller in product(other.match.called, other.match.caller)
        if covers(wide_called, called) and covers(wide_caller, caller)
    ]
    best = max(wider, default=None)
    return best is not None and (best > rank or (best == rank and other.name < plan.name))


def _needs_no_more_headers(other: Dialplan, plan: Dialplan) -> bool:
    """Tell whether the headers that ``plan`` asks for satisfy ``other`` too."""
    asked = {name.lower(): glob for name, glob in plan.match.header.items()}
    return all(
        name.lower() in asked and covers(glob, asked[name.lower()])
        for name, glob in other.match.header.items()
    )
