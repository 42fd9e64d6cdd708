from sipagent.calls.facts import CallAnswered
from sipagent.calls.leg_answer import LegAnswer


def test_an_incoming_call_is_answered_when_its_media_starts() -> None:
    answer = LegAnswer(10.0)
    assert answer.media_started("PCMU", 10.4) == CallAnswered(400, "PCMU")
    assert not answer.can_talk
    assert answer.confirmed(10.5) is None
    assert answer.can_talk
    assert answer.talked_s(12.4) == 2.0


def test_early_media_is_no_answer_of_an_outgoing_call() -> None:
    answer = LegAnswer(10.0, is_outgoing=True)
    assert answer.media_started("PCMA", 11.0) is None
    assert not answer.can_talk
    assert answer.talked_s(12.0) == 0.0
    assert answer.confirmed(15.0) == CallAnswered(5_000, "PCMA")
    assert answer.can_talk


def test_an_outgoing_call_waits_for_media_that_comes_after_its_answer() -> None:
    answer = LegAnswer(10.0, is_outgoing=True)
    assert answer.confirmed(12.0) is None
    assert answer.media_started("PCMU", 12.1) == CallAnswered(2_100, "PCMU")


def test_what_carries_the_call_is_told_with_the_answer() -> None:
    answer = LegAnswer(10.0, transport="tls")
    assert answer.media_started("PCMU", 10.4, "SDES") == CallAnswered(400, "PCMU", "tls", "SDES")
