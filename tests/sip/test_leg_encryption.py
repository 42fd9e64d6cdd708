from __future__ import annotations

from sipagent.sip.leg_encryption import EndForFault, LegEncryption, TellConfirmed


def test_a_leg_that_waits_for_nothing_is_confirmed_at_once() -> None:
    assert LegEncryption().confirmed(awaits_keys=False) == [TellConfirmed()]


def test_the_answer_is_told_with_the_keys() -> None:
    leg = LegEncryption()
    assert leg.confirmed(awaits_keys=True) == []
    assert leg.keyed() == [TellConfirmed()]
    assert leg.keyed() == []


def test_keys_before_the_answer_tell_nothing() -> None:
    leg = LegEncryption()
    assert leg.keyed() == []
    assert leg.confirmed(awaits_keys=False) == [TellConfirmed()]


def test_a_fault_ends_the_leg_but_not_before_the_acknowledgement() -> None:
    leg = LegEncryption()
    leg.answered()
    assert leg.failed("no keys") == []
    assert leg.confirmed(awaits_keys=True) == [EndForFault("no keys")]
    assert leg.keyed() == []


def test_the_first_fault_counts() -> None:
    leg = LegEncryption()
    assert leg.failed("one") == [EndForFault("one")]
    assert leg.failed("another") == []
    assert leg.fault == "one"
