"""How long a process may say nothing."""

from __future__ import annotations

from sipagent.supervisor.silence import PAUSED_S, Silence


def silence(*, is_ready: bool = True) -> Silence:
    """Return that of a process started at 1000, which may take 60 s to start and 10 s to speak."""
    made = Silence(start_limit_s=60.0, limit_s=10.0, now=1_000.0)
    if is_ready:
        made.heard(is_ready=True, now=1_000.0)
    return made


def test_one_that_says_nothing_is_given_up_when_its_time_is_over() -> None:
    told = silence()
    assert told.look_again_at(now=1_000.0) == 1_010.0
    assert told.is_too_long(now=1_010.0)


def test_one_that_said_something_meanwhile_has_its_time_anew() -> None:
    told = silence()
    told.look_again_at(now=1_000.0)
    told.heard(is_ready=True, now=1_008.0)
    assert not told.is_too_long(now=1_010.0)
    assert told.look_again_at(now=1_010.0) == 1_018.0


def test_a_start_may_take_longer_but_is_looked_at_meanwhile() -> None:
    told = silence(is_ready=False)
    looks = [1_000.0]
    while not told.is_too_long(now=looks[-1]):
        looks.append(told.look_again_at(now=looks[-1]))
    assert looks == [1_000.0 + 10 * look for look in range(7)]


def test_one_that_got_ready_has_less_time_from_then_on() -> None:
    told = silence(is_ready=False)
    assert told.look_again_at(now=1_000.0) == 1_010.0
    told.heard(is_ready=True, now=1_000.5)
    assert not told.is_too_long(now=1_010.0)
    assert told.look_again_at(now=1_010.0) == 1_010.5
    assert told.is_too_long(now=1_010.5)


def test_a_look_that_comes_late_means_that_we_were_paused_and_it_may_have_been_too() -> None:
    told = silence()
    told.look_again_at(now=1_000.0)
    assert not told.is_too_long(now=1_030.0)
    assert told.look_again_at(now=1_030.0) == 1_040.0
    assert told.is_too_long(now=1_040.0)  # it was not


def test_a_look_that_is_a_little_late_changes_nothing() -> None:
    told = silence()
    told.look_again_at(now=1_000.0)
    assert told.is_too_long(now=1_010.0 + PAUSED_S)
