from __future__ import annotations

from sipagent.sip.source_rate import MAX_SOURCES, SourceRate


def test_as_many_at_once_as_per_second_then_at_that_rate() -> None:
    rate = SourceRate(2.0)
    assert [rate.admits("a", now=0.0) for _ in range(3)] == [True, True, False]
    assert not rate.admits("a", now=0.4)
    assert rate.admits("a", now=0.5)
    assert [rate.admits("a", now=60.0) for _ in range(3)] == [True, True, False]


def test_less_than_one_per_second_is_one_at_once() -> None:
    rate = SourceRate(0.1)
    assert rate.admits("a", now=0.0)
    assert not rate.admits("a", now=9.9)
    assert rate.admits("a", now=10.1)


def test_a_charge_may_put_a_source_in_debt() -> None:
    rate = SourceRate(2.0)
    rate.charge("a", 9.0, now=0.0)
    assert not rate.admits("a", now=3.9)
    assert rate.admits("a", now=4.1)
    assert rate.admits("b", now=0.0)


def test_sources_are_forgotten_the_oldest_first() -> None:
    rate = SourceRate(1.0)
    for number in range(MAX_SOURCES + 1):
        assert rate.admits(str(number), now=0.0)
    assert rate.admits("0", now=0.0)
    assert not rate.admits(str(MAX_SOURCES), now=0.0)
