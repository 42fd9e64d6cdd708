"""How the box itself is, as whoever scrapes sees it."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, generate_latest

from sipagent.ops.box_metrics import BoxMetrics, BoxState, ProcessState
from sipagent.ops.status import Readiness


def shown(state: BoxState) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(BoxMetrics("1.2.3", lambda: state))
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    assert len({name for name, _, _ in pairs}) == len(pairs)
    return {name: float(value) for name, _, value in pairs}


def test_a_box_that_takes_calls_says_so_and_how_many() -> None:
    figures = shown(BoxState(Readiness(True, (), 1, 4), ()))
    assert figures["sipagent_ready"] == 1
    assert figures["sipagent_call_limit"] == 4
    assert figures['sipagent_build_info{version="1.2.3"}'] == 1


def test_each_process_has_its_figures_under_one_name() -> None:
    ours = os.getpid()
    processes = (ProcessState("supervisor", ours), ProcessState("worker", ours, restarts=2))
    figures = shown(BoxState(Readiness(True), processes))
    for name in ("supervisor", "worker"):
        of = f'{{process="{name}"}}'
        assert figures["sipagent_process_up" + of] == 1
        assert figures["sipagent_process_resident_memory_bytes" + of] > 1e6
        assert figures["sipagent_process_open_fds" + of] > 1
        assert figures["sipagent_process_cpu_seconds_total" + of] > 0
    assert figures['sipagent_process_restarts_total{process="worker"}'] == 2


def test_a_process_that_is_gone_is_down_and_has_no_figures() -> None:
    gone = ProcessState("engine", None, restarts=1)
    figures = shown(BoxState(Readiness(False, ("draining",)), (gone,)))
    assert figures["sipagent_ready"] == 0
    assert figures['sipagent_process_up{process="engine"}'] == 0
    assert 'sipagent_process_open_fds{process="engine"}' not in figures


def test_one_that_ended_a_moment_ago_breaks_no_scrape() -> None:
    figures = shown(BoxState(Readiness(True), (ProcessState("worker", 2**22 + 1),)))
    assert figures["sipagent_ready"] == 1
