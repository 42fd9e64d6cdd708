"""A key that comes in two ways."""

from __future__ import annotations

from sipagent.calls.key_merge import WITHIN_S, KeyMerge


def merged(*arrivals: tuple[str, str, float]) -> str:
    """Return the keys that count."""
    merge = KeyMerge()
    return "".join(key for key, way, at in arrivals if merge.is_new(key, way, at))


def test_keys_of_one_way_all_count() -> None:
    assert merged(*(("5", "rfc4733", at / 10) for at in range(5))) == "55555"


def test_the_tone_and_the_info_of_an_event_count_no_more() -> None:
    assert merged(("5", "rfc4733", 0.0), ("5", "info", 0.1), ("5", "in_band", 0.4)) == "5"


def test_copies_belong_to_presses_one_by_one() -> None:
    both = (("5", "rfc4733", 0.0), ("5", "rfc4733", 0.3), ("5", "in_band", 0.4))
    assert merged(*both, ("5", "in_band", 0.7)) == "55"


def test_another_key_in_another_way_counts() -> None:
    assert merged(("5", "rfc4733", 0.0), ("6", "in_band", 0.1), ("5", "in_band", 0.2)) == "56"


def test_the_same_key_much_later_in_another_way_counts() -> None:
    assert merged(("5", "rfc4733", 0.0), ("5", "in_band", WITHIN_S)) == "55"
