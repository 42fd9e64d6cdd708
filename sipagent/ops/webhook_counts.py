"""What became of webhooks, as a metric.

Counted in memory and handed to the page of metrics at each request: the supervisor, which takes
webhooks, has no part in the folder that its processes share their figures in.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Outcome(StrEnum):
    """What became of one; a closed list, and those of a bad signature as ``WebhookRefused``."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    RATE_LIMITED = "rate_limited"
    TOO_LARGE = "too_large"
    BROKEN_OFF = "broken_off"
    NO_SECRET = "no_secret"
    MISSING_HEADER = "missing_header"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    BAD_SIGNATURE = "bad_signature"
    UNREADABLE = "unreadable"
    STORE_FAILED = "store_failed"


class WebhookCounts(Collector):
    """Counts since the start, every outcome from zero."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Outcome, 0)

    def count(self, outcome: Outcome) -> None:
        """Count one more."""
        self._counts[outcome] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return the metric, as prometheus-client asks for it."""
        text = "Webhooks by what became of them."
        family = CounterMetricFamily("sipagent_webhooks", text, labels=["outcome"])
        for outcome, count in self._counts.items():
            family.add_metric([outcome.value], count)
        yield family
