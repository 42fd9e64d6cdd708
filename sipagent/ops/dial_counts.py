"""What became of the wish for a call, as a metric; counted in memory, as webhooks are."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from .dial_guard import Why

OTHERS = ("placed", "unknown", "not_free")
"""``unknown``: no such plan or trunk; ``not_free``: no call, or no process."""


class DialCounts(Collector):
    """Counts since the start, every outcome from zero."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys((*OTHERS, *(each.value for each in Why)), 0)

    def count(self, outcome: str) -> None:
        """Count one more."""
        self._counts[outcome] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return the metric, as prometheus-client asks for it."""
        text = "Calls that were asked for, by what became of the wish."
        family = CounterMetricFamily("sipagent_dials", text, labels=["outcome"])
        for outcome, count in self._counts.items():
            family.add_metric([outcome], count)
        yield family
