"""When nobody else is let in."""

from __future__ import annotations

from sipagent.sip.connection_gate import MOST_HELD, ConnectionCount
from sipagent.sip.socket_budget import WINDOW_S


def test_it_is_full_with_as_many_as_may_be_open() -> None:
    count = ConnectionCount()
    for number in range(MOST_HELD - 1):
        count.opened(number)
        count.opened(number)
    assert not count.is_full(now=0.0)
    count.opened(99)
    assert count.is_full(now=0.0)


def test_those_just_closed_count_for_a_while() -> None:
    count = ConnectionCount()
    for number in range(MOST_HELD):
        count.opened(number)
        count.ended(number, now=1.0)
        count.ended(number, now=1.0)
    assert count.is_full(now=1.0 + WINDOW_S - 0.01)
    assert not count.is_full(now=1.0 + WINDOW_S)


def test_the_oldest_gives_way_once() -> None:
    count = ConnectionCount()
    for number in (5, 3, 4):
        count.opened(number)
    count.ended(3, now=0.0)
    assert [count.oldest(), count.oldest(), count.oldest()] == [5, 4, None]
