"""A bad line is as bad as it is told to be."""

from __future__ import annotations

from itertools import groupby

import pytest

from .bad_line import BadLine, Faults

PACKETS = 20_000


def fates(faults: Faults) -> tuple[BadLine, list[float | None]]:
    """Send a packet every 20 ms; return the line and when each arrived."""
    line = BadLine(faults, seed=7)
    return line, [line.due(now=number * 0.02) for number in range(PACKETS)]


def test_a_good_line_changes_nothing() -> None:
    line, dues = fates(Faults())
    assert dues == [number * 0.02 for number in range(PACKETS)]
    assert (line.packets, line.lost, line.overtaken) == (PACKETS, 0, 0)


def test_random_loss_is_of_single_packets() -> None:
    line, dues = fates(Faults(random_loss=0.05))
    assert line.lost / PACKETS == pytest.approx(0.05, rel=0.1)
    assert burst_packets(dues) == pytest.approx(1 / 0.95, rel=0.05)


def test_bursts_are_as_long_and_as_frequent_as_wanted() -> None:
    line, dues = fates(Faults(burst_loss=0.03, burst_packets=5))
    assert line.lost / PACKETS == pytest.approx(0.03, rel=0.1)
    assert burst_packets(dues) == pytest.approx(5, rel=0.1)


def test_jitter_delays_and_overtakes_only_where_it_may() -> None:
    line, dues = fates(Faults(jitter_ms=40))
    arrived = [due for due in dues if due is not None]
    assert arrived == sorted(arrived) and line.overtaken == 0
    line, dues = fates(Faults(jitter_ms=40, reorders=True))
    delays = [due - number * 0.02 for number, due in enumerate(dues) if due is not None]
    assert min(delays) >= 0 and max(delays) <= 0.04
    # The next packet comes 20 ms later: it is first if its delay is more than 20 ms shorter.
    assert line.overtaken / PACKETS == pytest.approx(1 / 8, rel=0.1)


def test_the_same_seed_is_the_same_line() -> None:
    faults = Faults(random_loss=0.05, burst_loss=0.03, jitter_ms=40, reorders=True)
    assert fates(faults)[1] == fates(faults)[1]


def burst_packets(dues: list[float | None]) -> float:
    """Return how many packets are lost in a row on average."""
    bursts = [len(list(run)) for is_lost, run in groupby(due is None for due in dues) if is_lost]
    return sum(bursts) / len(bursts)
