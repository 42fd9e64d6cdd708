"""Whether retention goes on, as a metric; handed to the page of metrics at each request."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class RetentionState(Collector):
    """What the supervisor knows of it.

    Attributes:
        is_held: Whether old calls are kept, since the clock may be wrong.
    """

    def __init__(self) -> None:
        self.is_held = False

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the metric, as prometheus-client asks for it."""
        yield GaugeMetricFamily(
            "sipagent_store_retention_held",
            "Whether old calls are kept since the clock may have been set: 1 or 0.",
            value=int(self.is_held),
        )
