"""Figures over streams that follow each other."""

from __future__ import annotations

from sipagent.sip.events import LineStats
from sipagent.sip.stream_figures import StreamFigures


def test_a_stream_that_goes_on_is_itself() -> None:
    figures = StreamFigures()
    figures.add(LineStats(packets_in=5, packets_out=6))
    assert figures.add(LineStats(packets_in=7, packets_out=9)) == LineStats(7, 9)


def test_what_was_counted_before_a_new_stream_is_added() -> None:
    figures = StreamFigures()
    figures.add(LineStats(packets_in=100, packets_out=90, lost_in=3, jitter_ms=9.0, reports_in=1))
    figures.add(LineStats(packets_in=10, packets_out=9, jitter_ms=2.0, empty_frames=1))
    total = figures.add(LineStats(packets_in=20, packets_out=19, lost_in=1, jitter_ms=2.0))
    assert total == LineStats(120, 109, 4, jitter_ms=2.0, reports_in=1)


def test_one_that_begins_without_packets_loses_nothing() -> None:
    figures = StreamFigures()
    figures.add(LineStats(packets_in=100, packets_out=90))
    assert figures.add(LineStats()).packets_in == 100
    assert figures.add(LineStats(packets_in=1, packets_out=1)).packets_out == 91
