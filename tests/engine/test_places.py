"""Places for sessions."""

from __future__ import annotations

from sipagent.engine.places import Places


def test_a_place_is_taken_once_until_it_is_given_back() -> None:
    places = Places(1)
    assert places.take()
    assert not places.take()
    places.give_back()
    assert places.take()
