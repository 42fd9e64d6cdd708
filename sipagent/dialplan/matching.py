"""Which plan takes a call, and why the others do not.

A plan takes part if all its conditions hold. Among those, in this order:

1. those that are no ``default``,
2. the higher priority,
3. the more specific ``called``, then ``caller``, then the one that names its trunk, then the one
   with the narrower ``source``, then the one with more conditions on the rest,
4. what their weights say (:mod:`.weights`),
5. the name that comes first, so that the answer never depends on the order of files.

Pure; answers in the same way for the same plans and the same call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .call_keys import CallKeys
from .holding import best, failed, held
from .index import PlanIndex
from .models import Dialplan
from .ranks import Rank, rank_of
from .weights import chosen, drawn


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    plan: Dialplan
    rank: Rank


class Matcher:
    """Plans, ready to be asked.

    Args:
        plans: In any order; their names are different.
    """

    def __init__(self, plans: Iterable[Dialplan]) -> None:
        self._plans = sorted(plans, key=lambda plan: plan.name)
        self._index = PlanIndex(self._plans)
        self._ranks: dict[tuple[str, str, str], Rank] = {}
        """By name of the plan and the globs that matched: there are no more than the plans have."""

    def match(self, keys: CallKeys) -> Match | None:
        """Return the plan that takes the call and why, or None: nobody answers it (404)."""
        ordered = self._ranked(keys)
        return Match(ordered[0].plan, _why(ordered, keys)) if ordered else None

    def explain(self, keys: CallKeys) -> list[Verdict]:
        """Return a verdict on each plan: the one that takes the call, those behind it, the rest."""
        ordered = self._ranked(keys)
        verdicts = [
            Verdict(each.plan.name, index == 0, _behind(ordered, index) or _why(ordered, keys))
            for index, each in enumerate(ordered)
        ]
        others = [(plan, failed(plan.match, keys)) for plan in self._plans]
        return verdicts + [Verdict(plan.name, False, text) for plan, text in others if text]

    def _ranked(self, keys: CallKeys) -> list[_Candidate]:
        candidates = [
            _Candidate(plan, self._rank(plan, keys))
            for plan in self._index.plans_for(keys)
            if not failed(plan.match, keys)
        ]
        candidates.sort(key=lambda each: each.rank, reverse=True)  # stable, even reversed
        tied = _tied(candidates)
        if len(tied) > 1:
            weights = [each.plan.match.weight for each in tied]
            candidates.insert(0, candidates.pop(chosen(weights, keys.call_id)))
        return candidates

    def _rank(self, plan: Dialplan, keys: CallKeys) -> Rank:
        called, caller = best(plan.match.called, keys.called), best(plan.match.caller, keys.caller)
        key = plan.name, called, caller
        if key not in self._ranks:
            self._ranks[key] = rank_of(plan.match, called, caller)
        return self._ranks[key]


def _tied(ordered: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """Return the candidates that rank as high as the first."""
    return [each for each in ordered if each.rank == ordered[0].rank]


def _has_weights(ordered: Sequence[_Candidate]) -> bool:
    tied = _tied(ordered)
    return len(tied) > 1 and any(each.plan.match.weight is not None for each in tied)


def _why(ordered: Sequence[_Candidate], keys: CallKeys) -> str:
    first = ordered[0].plan
    text = held(first.match, keys)
    if _has_weights(ordered):
        share = "the rest" if first.match.weight is None else f"weight {first.match.weight:g}"
        text += f"; {share}, and the call drew {drawn(keys.call_id):.2f}"
    return text


def _behind(ordered: Sequence[_Candidate], index: int) -> str:
    """Return why the candidate comes behind the first; ``""`` for the first itself."""
    if index == 0:
        return ""
    first, behind = ordered[0], ordered[index]
    name, rank, other = first.plan.name, first.rank, behind.rank
    if rank.is_regular != other.is_regular:
        return f"would match, but it is a default, and {name} matches"
    if rank.priority != other.priority:
        return f"would match, but {name} has priority {rank.priority} and it has {other.priority}"
    for what in Rank._fields[2:]:
        if getattr(rank, what) != getattr(other, what):
            key = "the rest" if what in {"others", "globs"} else what
            return f"would match, but {name} is more specific about {key}"
    if _has_weights(ordered):
        weight = behind.plan.match.weight
        share = "the rest" if weight is None else f"weight {weight:g}"
        return f"would match as well as {name}, but that one's share was drawn; it has {share}"
    return f"would match as well as {name}, whose name comes first"
