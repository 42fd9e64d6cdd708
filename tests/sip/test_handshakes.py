"""How many TLS handshakes may be unfinished, and who gives way."""

from __future__ import annotations

from sipagent.sip.handshakes import (
    MOST_HANDSHAKES,
    MOST_OF_SILENT,
    PATIENCE_S,
    REMEMBERED_S,
    Handshakes,
)
from sipagent.sip.socket_budget import WINDOW_S

BAD, GOOD = "192.0.2.1", "192.0.2.2"
LATE = 1.0 + PATIENCE_S


def held(*addresses: str) -> Handshakes:
    """Return handshakes of these addresses, begun one after the other at 1.0."""
    handshakes = Handshakes()
    for number, address in enumerate(addresses):
        handshakes.begun((number, number), (address, 40_000 + number), now=1.0)
    return handshakes


def test_there_is_room_up_to_the_limit() -> None:
    handshakes = held(*[BAD] * (MOST_HANDSHAKES - 2))
    assert handshakes.have_room(2, now=1.0) and not handshakes.have_room(3, now=1.0)


def test_who_finished_takes_no_room() -> None:
    handshakes = held(*[GOOD] * MOST_HANDSHAKES)
    handshakes.finished((GOOD, 40_003))
    assert handshakes.have_room(1, now=1.0) and (3, 3) not in handshakes.handles


def test_who_ended_takes_room_for_a_while_known_or_not() -> None:
    handshakes = held(*[BAD] * MOST_HANDSHAKES)
    handshakes.gone((0, 0), now=2.0)
    assert not handshakes.have_room(1, now=2.0 + WINDOW_S - 0.01)
    assert handshakes.have_room(1, now=2.0 + WINDOW_S)
    handshakes.gone(None, now=3.0)
    assert not handshakes.have_room(1, now=3.0)


def test_the_oldest_of_who_holds_most_gives_way_once_it_had_its_time() -> None:
    handshakes = held(GOOD, *[BAD] * (MOST_HANDSHAKES - 1))
    assert handshakes.give_way(2, now=LATE - 0.01) == []
    assert handshakes.give_way(2, now=LATE) == [(1, 1), (2, 2)]
    assert handshakes.give_way(2, now=LATE) == []
    assert list(handshakes.silent) == [BAD]


def test_of_a_silent_address_few_are_let_in_for_a_while() -> None:
    handshakes = held(*[BAD] * MOST_HANDSHAKES)
    assert not handshakes.turn_away([BAD], now=LATE)  # nobody knows it yet
    handshakes.give_way(1, now=LATE)
    assert handshakes.turn_away([BAD], now=LATE)
    assert not handshakes.turn_away([BAD, GOOD], now=LATE)
    assert not handshakes.turn_away([], now=LATE)
    for number in range(MOST_HANDSHAKES - MOST_OF_SILENT + 1):
        handshakes.gone((number, number), now=LATE)
    assert not handshakes.turn_away([BAD], now=LATE)


def test_that_an_address_was_silent_is_forgotten() -> None:
    handshakes = held(*[BAD] * MOST_HANDSHAKES)
    handshakes.give_way(1, now=LATE)
    assert not handshakes.turn_away([BAD], now=LATE + REMEMBERED_S)


def test_those_who_had_their_time_are_told_once() -> None:
    handshakes = held(GOOD, BAD)
    handshakes.begun((9, 9), (BAD, 50_000), now=LATE)
    assert handshakes.late([BAD], now=LATE) == [(1, 1)]
    assert handshakes.late([BAD], now=LATE) == []
