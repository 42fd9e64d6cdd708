"""How the box itself is, as metrics: its processes, what it would take, which version it is.

Asked when somebody scrapes. Figures of processes are prometheus-client's own, under one name each
with the process as a label: ``supervisor``, ``worker``, ``attached calls``, ``engine``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .status import Readiness

PREFIX = "sipagent_"

OF_A_PROCESS = {
    "process_resident_memory_bytes": "Memory in use, by process.",
    "process_open_fds": "Open files and sockets, by process.",
    "process_cpu_seconds": "CPU time used, by process.",
}
"""What is taken of each process, as prometheus-client calls it."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of the box."""

    name: str
    pid: int | None
    """None: it does not run."""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class BoxState:
    """What a scrape asks for."""

    readiness: Readiness
    processes: tuple[ProcessState, ...]


class BoxMetrics(Collector):
    """Metrics of the box.

    Args:
        version: Of sipagent.
        state: Asked at each scrape.
    """

    def __init__(self, version: str, state: Callable[[], BoxState]) -> None:
        self._version, self._state = version, state

    def collect(self) -> Iterator[Metric]:
        """Return the metrics, as prometheus-client asks for them."""
        state = self._state()
        now = state.readiness
        build = GaugeMetricFamily(f"{PREFIX}build_info", "Which version runs.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        yield _gauge("ready", "Whether a call would be taken now: 1 or 0.", now.is_ready)
        yield _gauge("call_limit", "Calls there can be at once.", now.call_limit)
        yield _gauge(
            "attached_call_limit", "Attached calls there can be at once.", now.attached_limit
        )
        up = GaugeMetricFamily(
            f"{PREFIX}process_up", "Whether a process runs: 1 or 0.", labels=["process"]
        )
        restarts = CounterMetricFamily(
            f"{PREFIX}process_restarts",
            "Times a process was started again after it ended by itself.",
            labels=["process"],
        )
        for process in state.processes:
            up.add_metric([process.name], process.pid is not None)
            restarts.add_metric([process.name], process.restarts)
        yield up
        yield restarts
        yield from _of_processes(state.processes)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _of_processes(processes: tuple[ProcessState, ...]) -> Iterator[Metric]:
    families: dict[str, Metric] = {}
    for process in processes:
        if process.pid is None:
            continue
        pid = process.pid
        for family in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
            if family.name in OF_A_PROCESS:
                name = PREFIX + family.name
                if name not in families:
                    families[name] = Metric(name, OF_A_PROCESS[family.name], family.type)
                for sample in family.samples:
                    labels = {"process": process.name}
                    families[name].add_sample(PREFIX + sample.name, labels, sample.value)
    yield from families.values()
