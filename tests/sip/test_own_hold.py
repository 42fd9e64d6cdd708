from __future__ import annotations

from sipagent.sip.events import HoldRefused, WeHeld, WeResumed
from sipagent.sip.own_hold import MAX_ATTEMPTS, OwnHold, SendOffer, TellHold


def own_hold(*, owns_call_id: bool = False) -> OwnHold:
    """Return a hold whose random waits are the longest there are."""
    return OwnHold(owns_call_id, lambda _, longest: longest)


def holding() -> OwnHold:
    """Return one that holds."""
    hold = own_hold()
    hold.ask(True)
    hold.answered(200, now=0.0)
    return hold


def test_a_wish_is_offered_and_told_when_it_is_answered() -> None:
    hold = own_hold()
    assert hold.ask(True) == [SendOffer(is_hold=True)]
    assert hold.answered(200, now=0.0) == [TellHold(WeHeld())]
    assert hold.ask(False) == [SendOffer(is_hold=False)]
    assert hold.answered(200, now=1.0) == [TellHold(WeResumed())]


def test_what_holds_already_is_told_without_an_offer() -> None:
    assert holding().ask(True) == [TellHold(WeHeld())]
    assert own_hold().ask(False) == [TellHold(WeResumed())]


def test_a_wish_waits_for_the_offer_on_its_way() -> None:
    hold = own_hold()
    hold.ask(True)
    assert hold.ask(False) == []
    assert hold.answered(200, now=0.0) == [TellHold(WeHeld()), SendOffer(is_hold=False)]


def test_offers_that_crossed_are_made_again_later_by_who_chose_the_call_id() -> None:
    for owns_call_id, waits_s in ((False, 2.0), (True, 4.0)):
        hold = own_hold(owns_call_id=owns_call_id)
        hold.ask(True)
        assert hold.answered(491, now=10.0) == []
        assert hold.deadline() == 10.0 + waits_s
        assert hold.handle_timer(now=10.0) == []
        assert hold.handle_timer(now=10.0 + waits_s) == [SendOffer(is_hold=True)]
        assert hold.deadline() is None


def test_a_peer_that_always_has_an_offer_of_its_own_is_not_asked_for_ever() -> None:
    hold = own_hold()
    hold.ask(True)
    for _ in range(MAX_ATTEMPTS - 1):
        assert hold.answered(491, now=0.0) == []
        assert hold.handle_timer(now=9.0) == [SendOffer(is_hold=True)]
    assert hold.answered(491, now=9.0) == [TellHold(HoldRefused(491, was_hold=True))]
    assert hold.deadline() is None


def test_a_refusal_leaves_all_as_it_was() -> None:
    hold = holding()
    hold.ask(False)
    assert hold.answered(488, now=0.0) == [TellHold(HoldRefused(488, was_hold=False))]
    assert hold.ask(True) == [TellHold(WeHeld())]


def test_a_new_wish_takes_the_place_of_one_that_waits() -> None:
    hold = own_hold()
    hold.ask(True)
    hold.answered(491, now=0.0)
    assert hold.ask(False) == [TellHold(WeResumed())]
    assert hold.deadline() is None


def test_a_response_nobody_waits_for_is_none_of_its_business() -> None:
    assert own_hold().answered(200, now=0.0) == []
