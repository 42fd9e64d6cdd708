"""The time machine: which calls on record would be routed differently by other plans.

What plans look at is on record for each call (``call_keys``), the time of the call and its draw for
weights too, so that the same plans give the same answer. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .call_keys import CallKeys
from .matching import Matcher
from .models import Dialplan


@dataclass(frozen=True, slots=True)
class RecordedRoute:
    """A call, as it was routed."""

    keys: CallKeys
    plan: str
    """That took it; ``""``: none did."""


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A call that another plan would take now."""

    keys: CallKeys
    was: str
    """``""``: no plan."""
    now: str
    why: str
    """Of the plan that would take it, and of the one that would not."""

    def __str__(self) -> str:
        plans = f"{self.was or 'no plan'} -> {self.now or 'no plan'}"
        return f"{self.keys.call_id}: {plans}: {self.why}"


def rerouted(plans: Iterable[Dialplan], calls: Iterable[RecordedRoute]) -> Iterator[Rerouted]:
    """Yield the calls that ``plans`` would route differently, in order."""
    matcher = Matcher(plans)
    for call in calls:
        found = matcher.match(call.keys)
        now = "" if found is None else found.plan.name
        if now != call.plan:
            why = [] if found is None else [f"{now}: {found.why}"]
            if call.plan:
                why.append(f"{call.plan}: {_why_not(matcher, call)}")
            yield Rerouted(call.keys, call.plan, now, "; ".join(why))


def _why_not(matcher: Matcher, call: RecordedRoute) -> str:
    verdicts = (each for each in matcher.explain(call.keys) if each.plan == call.plan)
    found = next(verdicts, None)
    return "there is no such plan any more" if found is None else found.text
