"""When the caller is told that somebody works for them."""

from __future__ import annotations

import pytest

from sipagent.calls.delegation_filler import DelegationFiller
from sipagent.calls.outage import FILLER_AFTER_S

EVERY_S = 8.0


@pytest.fixture
def filler() -> DelegationFiller:
    """Return the filler of a delegation that began in silence, at 10.0."""
    filler = DelegationFiller(EVERY_S)
    filler.floor(is_free=True, now=10.0)
    filler.began("t1")
    return filler


def test_it_is_played_within_a_second_of_silence(filler: DelegationFiller) -> None:
    assert filler.deadline() == 10.0 + FILLER_AFTER_S < 11.0
    assert not filler.is_due(10.0 + FILLER_AFTER_S - 0.01) and not filler.is_playing
    assert filler.is_due(10.0 + FILLER_AFTER_S)
    assert filler.is_playing and filler.deadline() is None
    assert not filler.is_due(99.0)


def test_nothing_is_played_while_nobody_waits() -> None:
    filler = DelegationFiller(EVERY_S)
    filler.floor(is_free=True, now=10.0)
    assert filler.deadline() is None and not filler.is_due(99.0)


def test_the_agents_own_words_are_heard_first() -> None:
    filler = DelegationFiller(EVERY_S)
    filler.began("t1")
    assert filler.deadline() is None
    filler.floor(is_free=True, now=15.0)
    assert filler.deadline() == 15.0 + FILLER_AFTER_S


def test_a_long_silence_does_not_begin_again_with_each_look(filler: DelegationFiller) -> None:
    filler.floor(is_free=True, now=10.2)
    assert filler.deadline() == 10.0 + FILLER_AFTER_S


def test_it_is_played_again_and_again(filler: DelegationFiller) -> None:
    assert filler.is_due(11.0)
    filler.played()
    assert filler.deadline() == 11.0 + EVERY_S
    assert filler.is_due(11.0 + EVERY_S)


def test_it_gives_way_to_whoever_speaks(filler: DelegationFiller) -> None:
    filler.is_due(11.0)
    assert filler.interrupt()
    assert not filler.is_playing and not filler.interrupt()


def test_it_waits_while_somebody_speaks(filler: DelegationFiller) -> None:
    filler.floor(is_free=False, now=10.1)
    assert filler.deadline() is None and not filler.is_due(99.0)
    filler.floor(is_free=True, now=12.0)
    assert filler.deadline() == 12.0 + FILLER_AFTER_S


def test_it_comes_no_sooner_for_being_interrupted(filler: DelegationFiller) -> None:
    filler.is_due(11.0)
    filler.interrupt()
    filler.floor(is_free=False, now=11.2)
    filler.floor(is_free=True, now=13.0)
    assert filler.deadline() == 11.0 + EVERY_S


def test_what_plays_when_the_answer_is_made_is_heard_until_it_comes(
    filler: DelegationFiller,
) -> None:
    filler.is_due(11.0)
    filler.ended("t1")
    assert filler.is_playing
    assert filler.interrupt()
    assert filler.deadline() is None


def test_it_is_not_begun_when_the_answer_is_made(filler: DelegationFiller) -> None:
    filler.ended("t1")
    assert filler.deadline() is None and not filler.is_due(99.0)


def test_the_last_one_that_ends_ends_it(filler: DelegationFiller) -> None:
    filler.began("t2")
    filler.ended("t2")
    assert filler.is_due(11.0)


def test_the_next_delegation_is_told_of_at_once(filler: DelegationFiller) -> None:
    filler.is_due(11.0)
    filler.played()
    filler.ended("t1")
    filler.began("t2")
    assert filler.deadline() == 10.0 + FILLER_AFTER_S


def test_a_lost_session_ends_the_wait(filler: DelegationFiller) -> None:
    filler.is_due(11.0)
    assert filler.forget()
    assert filler.deadline() is None and not filler.is_playing
