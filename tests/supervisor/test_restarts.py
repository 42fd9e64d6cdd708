"""When what ended is started again."""

from __future__ import annotations

import pytest

from sipagent.supervisor.restarts import FIRST_DELAY_S, LONGEST_DELAY_S, STABLE_S, RestartPolicy


def delays(ran_s: list[float]) -> list[float]:
    """Return the delay after each of several runs, which follow each other at once."""
    policy, now, found = RestartPolicy(), 1_000.0, []
    for seconds in ran_s:
        policy.started(now=now)
        now += seconds
        found.append(policy.ended(now=now))
        now += found[-1]
    return found


def test_the_delay_doubles_up_to_its_limit() -> None:
    assert delays([0.0] * 8) == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_stable_while_is_a_new_beginning() -> None:
    assert delays([0.0, 0.0, 0.0, STABLE_S, 0.0]) == [0.25, 0.5, 1.0, 0.25, 0.5]


@pytest.mark.parametrize(("ran_s", "last"), [(STABLE_S - 1, 0.5), (STABLE_S, 0.25)])
def test_stable_is_what_ran_long_enough(ran_s: float, last: float) -> None:
    assert delays([0.0, ran_s])[-1] == last


def test_waiting_is_not_running() -> None:
    assert delays([0.0] * 20)[-1] == LONGEST_DELAY_S


def test_the_first_end_is_followed_at_once_whenever_it_comes() -> None:
    assert delays([0.0]) == delays([10 * STABLE_S]) == [FIRST_DELAY_S]
