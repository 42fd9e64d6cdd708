"""What a call of PJSIP came to, and who ended it."""

from __future__ import annotations

import pytest

from sipagent.sip.leg_end import LegEnd, LegProgress


def progress(*, is_confirmed: bool = False, is_given_up: bool = False) -> LegProgress:
    known = LegProgress()
    known.is_confirmed, known.is_given_up = is_confirmed, is_given_up
    return known


@pytest.mark.parametrize(
    ("status", "is_given_up", "is_by_peer"),
    [
        (200, False, True),  # BYE
        (200, True, False),
        (408, False, False),  # nobody refreshed it
        (481, False, False),  # the peer knows no such dialog
    ],
)
def test_a_call_that_was_answered_ends_with_200_whoever_ends_it(
    status: int, is_given_up: bool, is_by_peer: bool
) -> None:
    known = progress(is_confirmed=True, is_given_up=is_given_up)
    assert known.ended(status, is_incoming=True) == LegEnd(200, is_by_peer)
    assert known.ended(status, is_incoming=False) == LegEnd(200, is_by_peer)


@pytest.mark.parametrize(
    ("status", "is_incoming", "is_given_up", "is_by_peer"),
    [
        (487, True, False, True),  # CANCEL
        (200, True, False, True),  # BYE before the ACK
        (488, True, False, False),  # PJSIP refused it
        (486, True, True, False),
        (486, False, False, True),
        (487, False, True, False),
        (408, False, False, True),
    ],
)
def test_a_call_that_was_not_answered_ends_with_what_the_invite_came_to(
    status: int, is_incoming: bool, is_given_up: bool, is_by_peer: bool
) -> None:
    known = progress(is_given_up=is_given_up)
    assert known.ended(status, is_incoming=is_incoming) == LegEnd(status, is_by_peer)


def test_the_dialog_is_news_once() -> None:
    known = LegProgress()
    assert known.confirmed()
    assert not known.confirmed() and known.is_confirmed


def test_an_invite_is_unheard_until_something_comes_of_it() -> None:
    assert LegProgress().is_unheard
    for name in ("is_confirmed", "is_heard", "is_given_up"):
        known = LegProgress()
        setattr(known, name, True)
        assert not known.is_unheard


def test_a_leg_goes_on_elsewhere_only_while_the_two_talk() -> None:
    assert progress(is_confirmed=True).may_be_succeeded
    assert not progress(is_confirmed=True, is_given_up=True).may_be_succeeded
    assert not LegProgress().may_be_succeeded
