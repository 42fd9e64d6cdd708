"""Keys that belong to a secret which nobody collects any more."""

from __future__ import annotations

from sipagent.calls.stray_keys import StrayKeys


def test_none_are_expected_at_first() -> None:
    stray = StrayKeys()
    assert not stray.takes(0.0)
    assert stray.deadline() is None
    assert not stray.is_over(9.0)
    assert not stray.forget()


def test_every_key_is_one_until_none_came_for_long_enough() -> None:
    stray = StrayKeys()
    stray.expect(5.0, 10.0)
    assert stray.takes(14.9)
    assert stray.takes(19.8)
    assert stray.deadline() == 24.8
    assert not stray.is_over(24.7)
    assert not stray.takes(24.8)
    assert stray.is_over(24.8)
    assert not stray.is_over(24.8)
    assert stray.deadline() is None


def test_they_are_forgotten_when_the_agent_asks_again() -> None:
    stray = StrayKeys()
    stray.expect(5.0, 10.0)
    assert stray.forget()
    assert not stray.takes(11.0)
    assert stray.deadline() is None
