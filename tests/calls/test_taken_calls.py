"""Which attached calls were decided on."""

from sipagent.calls.journal import AttachedState, JournalEntry
from sipagent.calls.taken_calls import TOO_OLD_S, TakenCalls


def call(realtime_call_id: str, received_at: float = 1000.0) -> JournalEntry:
    return JournalEntry(realtime_call_id, AttachedState.NEW, (), received_at)


def test_a_call_is_taken_once() -> None:
    taken = TakenCalls()
    assert taken.take(call("rtc_1")) and taken.take(call("rtc_2"))
    assert not taken.take(call("rtc_1"))


def test_a_webhook_that_comes_again_later_makes_a_call_no_younger() -> None:
    taken = TakenCalls()
    taken.take(call("rtc_1", 1000.0))
    taken.take(call("rtc_1", 1300.0))
    taken.forget(1001.0 + TOO_OLD_S, ())
    assert len(taken) == 0


def test_a_call_is_remembered_as_long_as_it_could_be_taken() -> None:
    taken = TakenCalls()
    taken.take(call("rtc_1"))
    taken.forget(1000.0 + TOO_OLD_S, ())
    assert not taken.take(call("rtc_1"))
    taken.forget(1000.1 + TOO_OLD_S, ())
    assert taken.take(call("rtc_1"))


def test_a_call_that_goes_on_is_remembered_however_old_it_is() -> None:
    taken = TakenCalls()
    taken.take(call("rtc_1"))
    taken.forget(9000.0, {"rtc_1"})
    assert not taken.take(call("rtc_1"))
