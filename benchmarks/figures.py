"""Figures of a benchmark: samples, percentiles, targets, and the table they are printed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import ceil


class Statistic(Enum):
    """What a target limits; ``MIN`` from below, all others from above."""

    MIN = "min"
    P50 = "p50"
    P99 = "p99"
    P99_9 = "p99.9"
    MAX = "max"

    def of(self, samples: Sequence[float]) -> float:
        """Return this statistic of ``samples``, by nearest rank."""
        match self:
            case Statistic.MIN:
                return min(samples)
            case Statistic.P50:
                return percentile(samples, 50)
            case Statistic.P99:
                return percentile(samples, 99)
            case Statistic.P99_9:
                return percentile(samples, 99.9)
            case Statistic.MAX:
                return max(samples)


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be."""

    statistic: Statistic
    limit: float

    def is_met(self, samples: Sequence[float]) -> bool:
        """Tell whether ``samples`` keep to it."""
        value = self.statistic.of(samples)
        return value >= self.limit if self.statistic is Statistic.MIN else value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.statistic is Statistic.MIN else "<="
        return f"{self.statistic.value} {sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, with how many calls, and what it should be."""

    name: str
    unit: str
    calls: int
    samples: tuple[float, ...]
    targets: tuple[Target, ...] = ()

    @property
    def verdict(self) -> str:
        """Return ``ok``, ``MISSED``, or nothing where there is no target or no sample."""
        if not self.samples:
            return "NO DATA"
        if not self.targets:
            return ""
        return "ok" if all(target.is_met(self.samples) for target in self.targets) else "MISSED"


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return a percentile by nearest rank; ``samples`` has at least one."""
    ordered = sorted(samples)
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


HEADINGS = ("measured", "calls", "n", "min", "p50", "p99", "p99.9", "max", "unit", "target", "")


def table(figures: Sequence[Figure]) -> str:
    """Return ``figures`` as lines of text, one row each."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(map(_aligned, row, widths, range(len(row)))).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(figure: Figure) -> tuple[str, ...]:
    values: list[str] = ["-"] * len(Statistic)
    if figure.samples:
        values = [f"{statistic.of(figure.samples):.2f}" for statistic in Statistic]
    targets = ", ".join(str(target) for target in figure.targets)
    count = str(len(figure.samples))
    return (figure.name, str(figure.calls), count, *values, figure.unit, targets, figure.verdict)


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if 1 <= column <= 7 else cell.ljust(width)
