"""Who is let in when there are too many, and who gives way."""

from __future__ import annotations

from sipagent.ops.http_places import MOST, MOST_OF_ONE, MOST_SPARE, HttpPlaces, Seat


def filled(sources: int, each: int) -> HttpPlaces:
    """Return places with that many connections, named by source and number."""
    places = HttpPlaces()
    for source in range(sources):
        for number in range(each):
            assert places.admit((source, number), f"s{source}") == Seat()
    return places


def test_the_longest_waiting_of_a_source_gives_way_to_its_next() -> None:
    places = filled(1, MOST_OF_ONE)
    places.began((0, 0))
    assert places.admit("next", "s0") == Seat(gives_way=(0, 1))
    assert places.admit("other", "s1") == Seat()


def test_whoever_was_answered_has_waited_since_then() -> None:
    places = filled(1, MOST_OF_ONE)
    places.began((0, 0))
    places.ended((0, 0))
    assert places.admit("next", "s0") == Seat(gives_way=(0, 1))


def test_when_all_places_are_taken_the_longest_waiting_of_all_gives_way() -> None:
    places = filled(4, MOST // 4)
    assert places.admit("next", "new") == Seat(gives_way=(0, 0))


def test_when_nobody_waits_there_are_spare_places_for_the_state_of_the_box() -> None:
    places = filled(1, MOST_OF_ONE)
    for number in range(MOST_OF_ONE):
        assert not places.began((0, number))
    for number in range(MOST_SPARE):
        assert places.admit(number, "s0") == Seat(is_spare=True)
    assert places.admit("probe", "s0") == Seat(is_spare=True, gives_way=0)
    assert places.began("probe")


def test_when_even_those_are_being_answered_nobody_comes_in() -> None:
    places = filled(1, MOST_OF_ONE)
    for number in range(MOST_OF_ONE):
        places.began((0, number))
    for number in range(MOST_SPARE):
        places.admit(number, "s0")
        places.began(number)
    assert places.admit("next", "s0") is None
    places.gone(0)
    assert places.admit("next", "s0") == Seat(is_spare=True)


def test_a_place_that_was_left_is_free() -> None:
    places = filled(1, MOST_OF_ONE)
    places.gone((0, 0))
    assert places.admit("next", "s0") == Seat()


def test_what_has_given_way_is_served_nothing_and_comes_not_back() -> None:
    places = filled(1, MOST_OF_ONE)
    places.admit("next", "s0")
    assert places.began((0, 0))
    places.ended((0, 0))
    assert places.admit("again", "s0") == Seat(gives_way=(0, 1))
