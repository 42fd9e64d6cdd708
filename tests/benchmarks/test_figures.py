"""The table of a benchmark."""

from benchmarks.figures import Figure, Statistic, Target, percentile, table


def test_a_percentile_is_a_sample_that_was_taken() -> None:
    samples = list(range(1, 101))
    assert [percentile(samples, percent) for percent in (0, 50, 99, 99.9)] == [1, 50, 99, 100]


def test_a_figure_says_whether_it_keeps_every_target() -> None:
    targets = (Target(Statistic.P50, 2), Target(Statistic.MAX, 3))
    assert Figure("a", "ms", 1, (1, 2, 3), targets).verdict == "ok"
    assert Figure("a", "ms", 1, (1, 2, 4), targets).verdict == "MISSED"
    assert Figure("a", "dB", 1, (34.0, 60.0), (Target(Statistic.MIN, 35),)).verdict == "MISSED"


def test_what_was_not_measured_is_not_called_good() -> None:
    assert Figure("a", "ms", 1, (), (Target(Statistic.MAX, 3),)).verdict == "NO DATA"
    assert Figure("a", "ms", 1, (1,)).verdict == ""


def test_columns_stand_below_their_headings() -> None:
    lines = table([Figure("short", "ms", 4, (1, 2, 30), (Target(Statistic.P99, 30),))]).splitlines()
    assert lines[0].index("unit") == lines[2].index("ms")
    assert lines[2].endswith("p99 <= 30  ok")
