"""The E-model, at points worked out by hand from its equations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.mos import LineFigures, mos, r_factor


@pytest.mark.parametrize(
    ("lost", "delay_ms", "r", "score"),
    [
        (0, 0.0, 93.2, 4.41),
        (0, 100.0, 93.2, 4.41),
        (0, 150.0, 93.0, 4.41),
        (0, 400.0, 69.1, 3.56),
        (1, 0.0, 89.6, 4.33),
        (5, 0.0, 77.4, 3.92),
        (20, 0.0, 51.1, 2.63),
    ],
)
def test_a_line_sounds_as_g_107_says(lost: int, delay_ms: float, r: float, score: float) -> None:
    figures = LineFigures(100, lost, delay_ms)
    assert r_factor(figures) == pytest.approx(r, abs=0.4)
    assert mos(figures) == pytest.approx(score, abs=0.02)


def test_bursts_hurt_more_than_the_same_loss_spread() -> None:
    assert mos(LineFigures(100, 5, 0.0, burst_ratio=4.0)) < mos(LineFigures(100, 5, 0.0))


def test_a_line_without_packets_is_as_good_as_its_delay() -> None:
    assert mos(LineFigures(0, 0, 50.0)) == mos(LineFigures(500, 0, 50.0))


@given(st.integers(0, 10**6), st.integers(-5, 10**6), st.floats(0, 1e5), st.floats(0, 50))
def test_no_figures_leave_the_scale(
    packets: int, lost: int, delay_ms: float, burst_ratio: float
) -> None:
    assert 1.0 <= mos(LineFigures(packets, lost, delay_ms, burst_ratio)) <= 4.42
