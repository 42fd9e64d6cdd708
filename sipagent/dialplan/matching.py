"""Which plan takes a call, and why the others do not.

A plan takes part if all its conditions hold. Among those, in this order:

1. the higher priority,
2. the more specific ``called``, then ``caller``, then the one that names its trunk, then the more
   headers,
3. the name that comes first, so that the answer never depends on the order of files.

Pure; answers in the same way for the same plans and the same call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .globs import Specificity, matches, specificity
from .models import Dialplan

ANY = ("*",)
"""What a condition is that was not given."""


@dataclass(frozen=True, slots=True)
class CallKeys:
    """What plans look at."""

    called: str
    """User part of the Request-URI."""
    caller: str = ""
    """User part of From; ``""`` when it has none."""
    headers: tuple[tuple[str, str], ...] = ()
    """In order of arrival; a name may come more than once."""
    is_emergency: bool = False
    """Whether an emergency number was dialled: only plans that say so take such a call."""
    asserted_caller: str = ""
    """User part that the network asserts; ``""``: it does not, or is not trusted."""
    diverted_from: str = ""
    """User part of whoever sent the call on; ``""``: nobody did."""
    trunk: str = ""
    """Name of the trunk it came through, ``""``: none."""


@dataclass(frozen=True, slots=True)
class Match:
    """The plan that takes the call."""

    plan: Dialplan
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one plan."""

    plan: str
    is_taken: bool
    text: str
    """Why, or why not."""


Rank: TypeAlias = tuple[int, Specificity, Specificity, bool, int, tuple[Specificity, ...]]
"""The greater is asked first: priority, called, caller, trunk, number of headers, their globs."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    plan: Dialplan
    rank: Rank
    called: str
    caller: str


def match(plans: Iterable[Dialplan], keys: CallKeys) -> Match | None:
    """Return the plan that takes the call and why, or None: nobody answers it (404)."""
    ordered = _ranked(plans, keys)
    return Match(ordered[0].plan, _why(ordered[0], keys)) if ordered else None


def explain(plans: Iterable[Dialplan], keys: CallKeys) -> list[Verdict]:
    """Return a verdict on each plan: the one that takes the call, those behind it, the rest."""
    plans = sorted(plans, key=lambda plan: plan.name)
    ordered = _ranked(plans, keys)
    verdicts = [
        Verdict(each.plan.name, index == 0, _behind(ordered, index) or _why(each, keys))
        for index, each in enumerate(ordered)
    ]
    others = [(plan, _failed(plan, keys)) for plan in plans]
    return verdicts + [Verdict(plan.name, False, text) for plan, text in others if text]


def rank_of(plan: Dialplan, called: str, caller: str) -> Rank:
    """Return the rank of ``plan`` for calls that its globs ``called`` and ``caller`` match."""
    headers = sorted(map(specificity, _further(plan)), reverse=True)
    where = specificity(called), specificity(caller), bool(plan.match.trunk)
    return plan.match.priority, *where, len(headers), tuple(headers)


def _further(plan: Dialplan) -> list[str]:
    """Return the globs on what few calls have: headers, and who stands behind the caller."""
    conditions = plan.match
    others = (conditions.asserted_caller, conditions.diverted_from)
    globs = [max(each, key=specificity) for each in others if each != ANY]
    return [*conditions.header.values(), *globs]


def _behind_the_caller(plan: Dialplan, keys: CallKeys) -> list[tuple[str, Sequence[str], str]]:
    """Return the conditions on who stands behind the caller: name, globs, and what they meet."""
    return [
        ("asserted_caller", plan.match.asserted_caller, keys.asserted_caller),
        ("diverted_from", plan.match.diverted_from, keys.diverted_from),
    ]


def _ranked(plans: Iterable[Dialplan], keys: CallKeys) -> list[_Candidate]:
    candidates = [each for plan in plans if (each := _candidate(plan, keys)) is not None]
    by_name = sorted(candidates, key=lambda each: each.plan.name)
    return sorted(by_name, key=lambda each: each.rank, reverse=True)  # stable, even reversed


def _candidate(plan: Dialplan, keys: CallKeys) -> _Candidate | None:
    if _failed(plan, keys):
        return None
    called = _best(plan.match.called, keys.called)
    caller = _best(plan.match.caller, keys.caller)
    return _Candidate(plan, rank_of(plan, called, caller), called, caller)


def _best(globs: Sequence[str], text: str) -> str:
    """Return the most specific of the globs that match."""
    return max((glob for glob in globs if matches(glob, text)), key=specificity)


def _failed(plan: Dialplan, keys: CallKeys) -> str:
    """Return the first condition that does not hold, in words; ``""`` if all do."""
    conditions = plan.match
    if keys.is_emergency and not conditions.emergency:
        return f'called "{keys.called}" is an emergency, which needs match.emergency = true'
    for what, globs, text in (
        ("called", conditions.called, keys.called),
        ("caller", conditions.caller, keys.caller),
        *_behind_the_caller(plan, keys),
    ):
        if not any(matches(glob, text) for glob in globs):
            return f'{what} "{text}" matches none of {", ".join(globs)}'
    if conditions.trunk and keys.trunk not in conditions.trunk:
        came = f'trunk "{keys.trunk}" is' if keys.trunk else "it came through no trunk:"
        return f"{came} none of {', '.join(conditions.trunk)}"
    for name, glob in conditions.header.items():
        values = [value for each, value in keys.headers if each.lower() == name.lower()]
        if not values:
            return f"there is no header {name}"
        if not any(matches(glob, value) for value in values):
            return f'header {name} "{values[0]}" does not match {glob}'
    return ""


def _why(candidate: _Candidate, keys: CallKeys) -> str:
    parts = [f'called "{keys.called}" matches {candidate.called}']
    if candidate.caller != "*":
        parts.append(f'caller "{keys.caller}" matches {candidate.caller}')
    for what, globs, text in _behind_the_caller(candidate.plan, keys):
        if globs != ANY:
            parts.append(f'{what} "{text}" matches {_best(globs, text)}')
    if candidate.plan.match.trunk:
        parts.append(f'it came through trunk "{keys.trunk}"')
    header = candidate.plan.match.header
    parts += [f"header {name} matches {glob}" for name, glob in header.items()]
    return f"{', '.join(parts)}; priority {candidate.plan.match.priority}"


def _behind(ordered: Sequence[_Candidate], index: int) -> str:
    """Return why the candidate comes behind the first; ``""`` for the first itself."""
    if index == 0:
        return ""
    first, behind = ordered[0], ordered[index]
    name = first.plan.name
    if first.rank[0] != behind.rank[0]:
        return f"would match, but {name} has priority {first.rank[0]} and it has {behind.rank[0]}"
    what = ("called", "caller", "trunk", "the rest", "the rest")
    for position, key in enumerate(what, start=1):
        if first.rank[position] != behind.rank[position]:
            return f"would match, but {name} is more specific about {key}"
    return f"would match as well as {name}, whose name comes first"
