from __future__ import annotations

from sipagent.calls.facts import CallHeld, CallResumed
from sipagent.calls.hold import (
    HELD_NOTE,
    RESUMED_NOTE,
    CallerHold,
    DetectTurns,
    HaveAgentSpeak,
    Hears,
    HoldPolicy,
    NoteForAgent,
    TellHoldFact,
)

TURNS = {"type": "server_vad", "idle_timeout_ms": 6_000, "create_response": True}
QUIET = {"type": "server_vad", "idle_timeout_ms": None, "create_response": False}


def talking(policy: HoldPolicy | None = None) -> CallerHold:
    """Return the hold of a call whose conversation has begun."""
    hold = CallerHold(policy or HoldPolicy("Go on.", TURNS))
    assert hold.began_talking() == []
    return hold


def test_the_agent_is_told_and_the_endpoint_stops_answering_and_asking() -> None:
    told = talking().held(now=1.0)
    assert told == [TellHoldFact(CallHeld()), DetectTurns(QUIET), NoteForAgent(HELD_NOTE)]


def test_a_caller_who_is_back_is_told_of_and_spoken_to() -> None:
    hold = talking()
    hold.held(now=1.0)
    assert hold.resumed(is_silent=True, now=3.5) == [
        TellHoldFact(CallResumed(2_500)),
        DetectTurns(TURNS),
        NoteForAgent(RESUMED_NOTE),
        HaveAgentSpeak("Go on."),
    ]
    assert hold.hears is Hears.ALL


def test_what_the_agent_was_saying_comes_first() -> None:
    hold = talking()
    hold.held(now=1.0)
    told = hold.resumed(is_silent=False, now=2.0)
    assert not any(isinstance(command, HaveAgentSpeak) for command in told)


def test_a_plan_may_leave_the_first_word_to_the_caller() -> None:
    hold = talking(HoldPolicy("", TURNS))
    hold.held(now=1.0)
    told = hold.resumed(is_silent=True, now=2.0)
    assert not any(isinstance(command, HaveAgentSpeak) for command in told)


def test_an_endpoint_that_does_nothing_by_itself_is_left_alone() -> None:
    told = talking(HoldPolicy("", None)).held(now=1.0)
    assert not any(isinstance(command, DetectTurns) for command in told)


def test_an_idle_clock_that_was_not_set_is_not_mentioned() -> None:
    told = talking(HoldPolicy("", {"type": "semantic_vad"})).held(now=1.0)
    assert DetectTurns({"type": "semantic_vad", "create_response": False}) in told


def test_held_twice_is_held_once_and_a_resume_without_a_hold_is_none() -> None:
    hold = talking()
    hold.held(now=1.0)
    assert hold.held(now=2.0) == []
    hold.resumed(is_silent=True, now=3.0)
    assert hold.resumed(is_silent=True, now=4.0) == []


def test_nothing_is_heard_of_who_is_on_hold() -> None:
    hold = talking()
    hold.held(now=1.0)
    assert hold.hears is Hears.NOTHING


def test_a_turn_that_was_open_is_ended_by_silence() -> None:
    hold = talking()
    hold.turn(is_open=True)
    hold.held(now=1.0)
    assert hold.hears is Hears.SILENCE


def test_a_turn_that_has_ended_needs_no_more_silence() -> None:
    hold = talking()
    hold.turn(is_open=True)
    hold.held(now=1.0)
    hold.turn(is_open=False)
    assert hold.hears is Hears.NOTHING


def test_another_session_is_told_to_be_still_as_well() -> None:
    hold = talking()
    assert hold.session_replaced() == []
    hold.turn(is_open=True)
    hold.held(now=1.0)
    assert hold.session_replaced() == [DetectTurns(QUIET)]
    assert hold.hears is Hears.NOTHING


def test_who_holds_before_there_is_a_conversation_is_told_of_when_it_begins() -> None:
    hold = CallerHold(HoldPolicy("Go on.", TURNS))
    assert hold.held(now=1.0) == [TellHoldFact(CallHeld())]
    assert hold.began_talking() == [DetectTurns(QUIET), NoteForAgent(HELD_NOTE)]


def test_who_holds_and_is_back_before_there_is_a_conversation_is_nobodys_business() -> None:
    hold = CallerHold(HoldPolicy("Go on.", TURNS))
    hold.held(now=1.0)
    assert hold.resumed(is_silent=True, now=2.0) == [TellHoldFact(CallResumed(1_000))]
    assert hold.began_talking() == []


def test_a_call_that_ends_on_hold_tells_how_long_that_was() -> None:
    hold = talking()
    assert hold.ended(now=1.0) == []
    hold.held(now=1.0)
    assert hold.ended(now=1.5) == [TellHoldFact(CallResumed(500))]
