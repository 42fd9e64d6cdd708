"""What became of edits of the plans, as metrics; handed to the page of metrics at each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .plan_state import PlanState, ReloadOutcome


class PlanCounts(Collector):
    """Counts since the start, every outcome from zero, and what is in use.

    Args:
        state: Of the plans, now.
    """

    def __init__(self, state: Callable[[], PlanState]) -> None:
        self._state = state
        self._counts = dict.fromkeys(ReloadOutcome, 0)

    def count(self, outcome: ReloadOutcome) -> None:
        """Count one more."""
        self._counts[outcome] += 1

    def collect(self) -> Iterator[Metric]:
        """Return the metrics, as prometheus-client asks for them."""
        state = self._state()
        text = "Loads of the dialplans by what became of them."
        reloads = CounterMetricFamily("sipagent_plan_reloads", text, labels=["outcome"])
        for outcome, count in self._counts.items():
            reloads.add_metric([outcome.value], count)
        yield reloads
        yield GaugeMetricFamily(
            "sipagent_plans_version", "Version of the dialplans in use.", value=state.version
        )
        yield GaugeMetricFamily(
            "sipagent_plans_broken",
            "Whether the files of the dialplans cannot be used: 1 or 0.",
            value=int(state.is_broken),
        )
        yield GaugeMetricFamily(
            "sipagent_plans_loaded_timestamp_seconds",
            "When the dialplans in use were loaded, Unix time.",
            value=state.loaded_at,
        )
