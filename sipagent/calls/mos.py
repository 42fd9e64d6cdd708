"""How good a line sounds, by its figures: the E-model of ITU-T G.107, with what a leg can measure.

Everything that is not measured has the default of G.107 (02/2014): echo, noise and levels are
taken to be well, so this is the best the line can be. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BASE_R = 93.2
"""R of a line with all defaults and no delay, loss or codec (G.107 table 3)."""

PACKET_LOSS_ROBUSTNESS = 25.1
"""Bpl of G.711 with concealment (G.113 table I.4), which PJMEDIA has. G.722, better by a scale of
its own (G.107.1), is counted alike: what is compared is what the network did to it."""

PACKETISATION_MS = 20.0


@dataclass(frozen=True, slots=True)
class LineFigures:
    """What one direction of a leg went through."""

    packets: int
    """That should have come."""
    lost: int
    """That did not come, or came too late to be played."""
    delay_ms: float
    """From mouth to ear, as far as it is known."""
    burst_ratio: float = 1.0
    """Mean length of the bursts lost, against that of random loss; 1: random."""


def r_factor(figures: LineFigures) -> float:
    """Return R, 0 to 93.2."""
    lost_percent = 100 * figures.lost / figures.packets if figures.packets > 0 else 0.0
    lost_percent = min(max(lost_percent, 0.0), 100.0)
    spread = lost_percent / max(figures.burst_ratio, 1.0) + PACKET_LOSS_ROBUSTNESS
    loss_impairment = 95.0 * lost_percent / spread
    return min(max(BASE_R - _delay_impairment(figures.delay_ms) - loss_impairment, 0.0), BASE_R)


def mos(figures: LineFigures) -> float:
    """Return the mean opinion score, 1 (bad) to 4.41 (as good as G.711 gets)."""
    r = r_factor(figures)
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def _delay_impairment(delay_ms: float) -> float:
    """Return Idd (G.107 equation 7-27): nothing up to 100 ms, then ever more."""
    if delay_ms <= 100:
        return 0.0
    x = math.log2(delay_ms / 100)
    root = 1 / 6
    return 25 * (math.pow(1 + x**6, root) - 3 * math.pow(1 + (x / 3) ** 6, root) + 2)
