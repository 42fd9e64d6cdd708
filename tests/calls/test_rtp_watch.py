"""Lines that died."""

from __future__ import annotations

from sipagent.calls.rtp_watch import RtpWatch


def watching(timeout_s: float = 30.0) -> RtpWatch:
    watch = RtpWatch(timeout_s)
    watch.start(0.0)
    return watch


def test_a_line_is_dead_when_nothing_came_for_so_long() -> None:
    watch = watching()
    assert not watch.look(50, 1.0)
    assert not watch.look(100, 2.0)
    assert not watch.look(100, 17.0)
    assert not watch.look(100, 31.9)
    assert watch.look(100, 32.0)


def test_nothing_could_come_while_the_machine_was_paused() -> None:
    watch = watching()
    assert not watch.look(50, 1.0)
    assert not watch.look(50, 91.0)
    assert not watch.look(50, 106.0)
    assert not watch.look(50, 120.9)
    assert watch.look(50, 121.0)  # and nothing came after it


def test_a_packet_is_enough() -> None:
    watch = watching()
    watch.look(50, 1.0)
    watch.look(50, 16.0)
    assert not watch.look(51, 30.9)
    watch.look(51, 45.0)
    assert not watch.look(51, 60.8)
    assert watch.look(51, 60.9)


def test_a_line_that_never_lived_is_dead_too() -> None:
    watch = watching()
    assert not watch.look(0, 15.0)
    assert not watch.look(0, 29.9)
    assert watch.look(0, 30.0)


def test_on_hold_nothing_is_expected_and_afterwards_there_is_time_again() -> None:
    watch = watching()
    watch.look(50, 1.0)
    watch.stop()
    assert (watch.deadline(), watch.is_due(1e6)) == (None, False)
    watch.start(100.0)
    assert not watch.look(50, 115.0)
    assert not watch.look(50, 129.9)
    assert watch.look(50, 130.0)


def test_it_looks_every_second_or_as_often_as_it_must() -> None:
    watch = watching()
    assert watch.deadline() == 1.0
    assert not watch.is_due(0.9)
    assert watch.is_due(1.0)
    watch.look(1, 1.2)
    assert watch.deadline() == 2.2
    assert watching(0.4).deadline() == 0.1


def test_a_plan_may_not_mind() -> None:
    assert watching(0.0).deadline() is None
