"""What asking many plans costs, per call: ``python -m benchmarks.matching``.

A thousand plans and as many calls, one after the other, on one core: where the plans are told apart
by the number that was called, or by the caller, or where every tenth of them is for any number and
has hours. Takes 10 seconds. Exit status 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
from collections.abc import Iterator
from time import thread_time

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Dialplan

from .figures import Figure, Statistic, Target, table

AT_S = 1_767_947_400.0
"""A Friday morning."""

OFFICE = {"zone": "Europe/Berlin", "open": ["mon-fri 09:00-18:00", "sat 10:00-14:00"]}
TARGETS = (Target(Statistic.P50, 500),)
"""In microseconds, for which nothing else of the process runs."""


def plan(name: str, **conditions: object) -> Dialplan:
    """Return a plan that takes calls on these conditions."""
    agent = {"name": "A", "instructions": "x"}
    return Dialplan.model_validate({"name": name, "match": conditions, "agents": [agent]})


def by_called(count: int) -> Iterator[Dialplan]:
    """Yield plans for numbers of their own, and one for the rest."""
    for number in range(count - 1):
        yield plan(f"p{number}", called=[f"+4930{number:04}*", f"desk{number}"], hours=OFFICE)
    yield plan("rest", default=True)


def by_caller(count: int) -> Iterator[Dialplan]:
    """Yield plans for callers of their own."""
    for number in range(count):
        yield plan(f"p{number}", caller=f"+4917{number:04}*", source="203.0.113.0/24")


def with_hours(count: int) -> Iterator[Dialplan]:
    """Yield plans of which every tenth may take any call, at some time or other."""
    for number in range(count):
        if number % 10:
            yield plan(f"p{number}", called=f"+4930{number:04}*")
        else:
            yield plan(f"p{number}", hours=OFFICE | {"open": f"fri {number % 24}:00-24:00"})


def measured(matcher: Matcher, calls: int) -> Iterator[float]:
    """Yield the microseconds of CPU time that each call took."""
    draw = random.Random(1)
    for index in range(calls):
        keys = CallKeys(
            f"+4930{draw.randrange(1_000):04}55",
            f"+4917{draw.randrange(1_000):04}55",
            tuple((f"X-{number}", "value") for number in range(20)),
            source_address="203.0.113.9",
            at_s=AT_S + index,
            call_id=f"{draw.getrandbits(64):016x}",
        )
        began = thread_time()
        matcher.match(keys)
        yield (thread_time() - began) * 1e6


def main() -> None:
    """Measure, print, and exit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=1_000)
    parser.add_argument("--calls", type=int, default=1_000)
    arguments = parser.parse_args()
    rows = []
    for name, made in (
        ("told apart by called", by_called),
        ("told apart by caller and source", by_caller),
        ("every tenth for any number, with hours", with_hours),
    ):
        matcher = Matcher(made(arguments.plans))
        gc.freeze()
        samples = tuple(measured(matcher, arguments.calls))
        rows.append(Figure(f"{arguments.plans} plans, {name}", "us", 1, samples, TARGETS))
    print(table(rows))
    sys.exit(any(row.verdict == "MISSED" for row in rows))


if __name__ == "__main__":
    main()
