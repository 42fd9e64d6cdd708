"""What a bad line does to packets: loses some, in bursts too, delays and reorders. Pure.

Bursts are Gilbert's model: a good state in which nothing is lost, a bad one in which everything is.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad a line is."""

    random_loss: float = 0.0
    """Share of packets lost one by one."""
    burst_loss: float = 0.0
    """Share of packets lost in bursts."""
    burst_packets: float = 4.0
    """How long a burst is on average."""
    jitter_ms: float = 0.0
    """Longest delay; any from none on is as likely."""
    reorders: bool = False
    """Whether a packet may overtake an earlier one."""


class BadLine:
    """Decide what becomes of each packet of one direction.

    Args:
        faults: How bad it is.
        seed: The same seed, the same fate.
    """

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults, self._random = faults, Random(seed)
        self._is_bad = False
        self._last_due = 0.0
        self.packets = self.lost = self.overtaken = 0

    def due(self, *, now: float) -> float | None:
        """Return when a packet sent at ``now`` arrives; None: never."""
        self.packets += 1
        if self._is_lost():
            self.lost += 1
            return None
        due = now + self._random.uniform(0, self._faults.jitter_ms) / 1000
        if due < self._last_due:
            if not self._faults.reorders:
                due = self._last_due
            else:
                self.overtaken += 1
        self._last_due = max(due, self._last_due)
        return due

    def _is_lost(self) -> bool:
        is_lost = self._random.random() < self._faults.random_loss
        leaves = 1 / self._faults.burst_packets
        share = self._faults.burst_loss
        enters = leaves * share / (1 - share)
        self._is_bad = self._random.random() < (1 - leaves if self._is_bad else enters)
        return is_lost or self._is_bad
