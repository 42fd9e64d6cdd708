"""Checks across plans: one name each, weights that add up, no plan kept from all its calls.

Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from .covering import CoverIndex
from .documents import Document
from .findings import Finding, Severity
from .globs import covers, specificity
from .models import Dialplan
from .ranks import rank_of
from .sources import covers_networks
from .toml_lines import KeyPath
from .weights import WHOLE


def check_routes(plans: Sequence[tuple[Dialplan, Document]]) -> list[Finding]:
    """Return what is wrong with plans that are each right by themselves."""
    return [*_same_names(plans), *_weights(plans), *_shadowed(plans)]


def _same_names(plans: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    first: dict[str, Document] = {}
    for plan, document in plans:
        other = first.setdefault(plan.name, document)
        if other is not document:
            where = f"{other.file}:{other.place_of(('name',)).line}"
            yield document.finding(("name",), f'"{plan.name}" is the name of {where} already')


def _weights(plans: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    """Look at plans that match the very same calls; whether others ever tie is not known here."""
    groups: dict[str, list[tuple[Dialplan, Document]]] = defaultdict(list)
    for plan, document in plans:
        key = plan.match.model_copy(update={"weight": None}).model_dump_json()
        groups[key].append((plan, document))
    for group in groups.values():
        weights = [plan.match.weight for plan, _ in group]
        total = sum(weight or 0.0 for weight in weights)
        severity = Severity.ERROR
        if weights == [None] * len(group):
            continue
        if len(group) == 1:
            text, severity = "means little: no other plan has the same conditions", Severity.WARNING
        elif total > WHOLE:
            text = f"the weights of {_names(group)} add up to {total:g}, and must not exceed 100"
        elif None in weights and total == WHOLE:
            yield from _left_nothing(group)
            continue
        elif None not in weights and total < WHOLE:
            text = f"the weights of {_names(group)} add up to {total:g}, and nobody takes the rest"
        else:
            continue
        for plan, document in group:
            if plan.match.weight is not None:
                yield document.finding(("match", "weight"), text, severity)


def _left_nothing(group: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    """Name plans without a weight beside others that take all."""
    takers = _names([each for each in group if each[0].match.weight])
    for plan, document in group:
        if plan.match.weight is None:
            text = f"never takes a call: the weights of {takers} add up to 100"
            yield document.finding(_key_of_calls(document), text, Severity.WARNING)


def _names(group: Sequence[tuple[Dialplan, Document]]) -> str:
    return ", ".join(sorted(plan.name for plan, _ in group))


def _shadowed(plans: Sequence[tuple[Dialplan, Document]]) -> Iterator[Finding]:
    known = [plan for plan, _ in plans]
    index = CoverIndex(known)
    for plan, document in plans:
        others = [known[position] for position in index.may_cover(plan)]
        names = shadowing(plan, [other for other in others if other.name != plan.name])
        if names:
            text = f"never takes a call: {', '.join(names)} always takes it first"
            yield document.finding(_key_of_calls(document), text, Severity.WARNING)


def _key_of_calls(document: Document) -> KeyPath:
    """Return which key says what calls a plan takes."""
    return ("match", "called") if "match" in document.data else ("name",)


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
        and covers_networks(other.match.source, plan.match.source)
        and other.match.hours in (None, plan.match.hours)
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
        first = rank_of(self._other.match, wide_called, wide_caller)
        second = rank_of(self._plan.match, called, caller)
        if first == second:
            weights = (self._other.match.weight, self._plan.match.weight)
            return self.name < self._plan.name and weights == (None, None)
        return first > second


def _covering(wide: Sequence[str], narrow: Sequence[str]) -> dict[str, str | None]:
    """Return for each narrow glob the most specific of the wide ones that covers it."""
    return {
        each: max((glob for glob in wide if covers(glob, each)), key=specificity, default=None)
        for each in narrow
    }


def _needs_no_more_headers(other: Dialplan, plan: Dialplan) -> bool:
    """Tell whether what ``plan`` asks for beyond called and caller satisfies ``other`` too."""
    asked = {name.lower(): globs for name, globs in plan.match.header.items()}
    have_headers = all(
        name.lower() in asked and _covers_all(globs, asked[name.lower()])
        for name, globs in other.match.header.items()
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
