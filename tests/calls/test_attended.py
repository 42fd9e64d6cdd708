"""When the target of a transfer is called, told and joined, and when the caller comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.attended import BRIEFING_LIMIT_S, TAKEN_LIMIT_S, Attended
from sipagent.calls.controller import TAIL_S
from sipagent.calls.events import (
    AgentFellSilent,
    BriefingPlayed,
    ConsultAnswered,
    ConsultEnded,
    ConsultKeyPressed,
    TimerFired,
    TransferEvent,
    TransferProgressed,
    TransferRequested,
)
from sipagent.calls.transfer import LIMIT_S
from sipagent.calls.transfer_commands import (
    AnswerTransfer,
    AttendedCommand,
    BriefTarget,
    CallTarget,
    EndConsult,
    EndTransferred,
    HoldCaller,
    JoinLegs,
    ResumeCaller,
    SendReplaces,
)
from sipagent.calls.transfer_outcome import Outcome
from sipagent.calls.transfer_setup import TransferTarget

PLAIN = TransferTarget("sip:desk@x", is_attended=True)
KEYED = TransferTarget("sip:key@x", is_attended=True, confirm_key="1", confirm_s=5.0)
BRIDGED = TransferTarget("sip:bridge@x", is_attended=True, is_bridged=True)
TARGETS = {"plain": PLAIN, "keyed": KEYED, "bridged": BRIDGED}


def ringing(name: str = "plain") -> Attended:
    """Return a transfer whose target is being called, since second 1."""
    under_way = Attended(TARGETS, last_words_limit_s=15.0)
    assert under_way.handle(TransferRequested(name, "Ada calls."), now=0.0) == []
    under_way.handle(AgentFellSilent(), now=1.0 - TAIL_S)
    called = under_way.handle(TimerFired(), now=1.0)
    assert called == [HoldCaller(), CallTarget(name, "Ada calls.")]
    return under_way


def referred(name: str = "plain") -> Attended:
    """Return one whose target heard what it is about, at second 3."""
    under_way = ringing(name)
    assert under_way.handle(ConsultAnswered(), now=2.0) == [BriefTarget()]
    assert under_way.handle(BriefingPlayed(), now=3.0 - TAIL_S) == []
    assert under_way.handle(TimerFired(), now=3.0) == [SendReplaces()]
    return under_way


def back(commands: list[AttendedCommand]) -> tuple[Outcome, str]:
    """Return what the agent is told once the caller is back."""
    end, resume, answer = commands
    assert (end, resume) == (EndConsult(), ResumeCaller())
    assert isinstance(answer, AnswerTransfer)
    return answer.outcome, answer.text.removeprefix("The transfer failed: ").partition(".")[0]


def test_both_legs_end_when_the_two_talk() -> None:
    under_way = referred()
    assert under_way.handle(TransferProgressed(100, is_final=False), now=3.1) == []
    ended = under_way.handle(TransferProgressed(200, is_final=True), now=4.0)
    assert ended == [EndConsult(), EndTransferred("plain")]
    assert under_way.deadline() is None


@pytest.mark.parametrize(
    ("status", "outcome", "why"),
    [
        (486, Outcome.BUSY, "busy"),
        (603, Outcome.DECLINED, "declined"),
        (480, Outcome.NO_ANSWER, "nobody answered"),
        (0, Outcome.NO_LINE, "no line is free to call the target"),
    ],
)
def test_a_target_that_does_not_answer_returns_the_caller(
    status: int, outcome: Outcome, why: str
) -> None:
    under_way = ringing()
    assert back(under_way.handle(ConsultEnded(status), now=2.0)) == (outcome, why)
    assert not under_way.is_under_way


def test_a_telephone_rings_no_longer_than_the_plan_says() -> None:
    under_way = ringing()
    assert under_way.deadline() == 1.0 + PLAIN.ring_s
    told = back(under_way.handle(TimerFired(), now=1.0 + PLAIN.ring_s))
    assert told == (Outcome.NO_ANSWER, "nobody answered")


def test_a_target_that_hangs_up_while_it_is_told_has_declined() -> None:
    under_way = ringing()
    under_way.handle(ConsultAnswered(), now=2.0)
    outcome, why = back(under_way.handle(ConsultEnded(200), now=3.0))
    assert (outcome, why) == (Outcome.DECLINED, "the target hung up without taking the call")


def test_words_without_end_are_not_waited_for() -> None:
    under_way = ringing()
    under_way.handle(ConsultAnswered(), now=2.0)
    assert under_way.handle(TimerFired(), now=2.0 + BRIEFING_LIMIT_S) == [SendReplaces()]


@pytest.mark.parametrize("is_told", [False, True])
def test_the_key_takes_the_call_even_before_all_was_said(is_told: bool) -> None:
    under_way = ringing("keyed")
    under_way.handle(ConsultKeyPressed("1"), now=1.5)  # before it has answered: nothing
    under_way.handle(ConsultAnswered(), now=2.0)
    if is_told:
        under_way.handle(BriefingPlayed(), now=2.5)
        assert under_way.handle(TimerFired(), now=2.9) == []
    assert under_way.handle(ConsultKeyPressed("2"), now=3.0) == []
    assert under_way.handle(ConsultKeyPressed("1"), now=3.5) == [SendReplaces()]


def test_without_the_key_the_call_is_not_taken() -> None:
    under_way = ringing("keyed")
    under_way.handle(ConsultAnswered(), now=2.0)
    under_way.handle(BriefingPlayed(), now=2.5)
    under_way.handle(TimerFired(), now=3.0)
    outcome, why = back(under_way.handle(TimerFired(), now=8.0))
    assert (outcome, why) == (Outcome.DECLINED, "the target did not take the call")


@pytest.mark.parametrize("status", [405, 501, 603, 408])
def test_a_telephone_that_cannot_be_transferred_stays_with_the_agent(status: int) -> None:
    under_way = referred()
    back(under_way.handle(TransferProgressed(status, is_final=True), now=4.0))
    assert not under_way.is_under_way


@pytest.mark.parametrize("event", [TransferProgressed(501, is_final=True), TimerFired()])
def test_or_it_is_joined_with_the_target_here(event: TransferEvent) -> None:
    under_way = referred("bridged")
    joined = under_way.handle(event, now=3.0 + LIMIT_S)
    assert joined == [ResumeCaller(), JoinLegs()]
    assert under_way.is_bridged
    assert under_way.deadline() is None
    assert under_way.handle(ConsultEnded(200), now=50.0) == [EndTransferred("bridged")]


def test_a_leg_that_was_taken_over_may_end_before_the_outcome_is_told() -> None:
    under_way = referred("bridged")
    assert under_way.handle(ConsultEnded(200), now=4.0) == []
    assert under_way.is_taken
    told = under_way.handle(TransferProgressed(200, is_final=True), now=4.1)
    assert told == [EndConsult(), EndTransferred("bridged")]


@pytest.mark.parametrize("event", [TransferProgressed(481, is_final=True), TimerFired()])
def test_a_leg_that_ended_cannot_be_joined(event: TransferEvent) -> None:
    under_way = referred("bridged")
    under_way.handle(ConsultEnded(200), now=4.0)
    back(under_way.handle(event, now=4.0 + TAKEN_LIMIT_S))


EVENTS: list[TransferEvent] = [
    *(TransferRequested(name) for name in TARGETS),
    AgentFellSilent(),
    ConsultAnswered(),
    BriefingPlayed(),
    ConsultKeyPressed("1"),
    ConsultEnded(486),
    TransferProgressed(180, is_final=False),
    TransferProgressed(200, is_final=True),
    TransferProgressed(603, is_final=True),
    TimerFired(),
]


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.floats(0.01, 60)), max_size=40))
def test_whatever_happens_nobody_waits_for_ever_and_nothing_is_left(
    events: list[tuple[TransferEvent, float]],
) -> None:
    under_way, now = Attended(TARGETS, last_words_limit_s=15.0), 0.0
    is_on_hold = is_consulting = False
    asked = answered = ended = bridged = 0
    for event, later_s in [*events, *[(TimerFired(), 100.0)] * 6]:
        now += later_s
        asked += isinstance(event, TransferRequested) and not under_way.is_under_way
        for command in under_way.handle(event, now=now):
            match command:
                case HoldCaller():
                    assert not is_on_hold
                    is_on_hold = True
                case ResumeCaller():
                    assert is_on_hold
                    is_on_hold = False
                case CallTarget():
                    assert not is_consulting
                    is_consulting = True
                case EndConsult():
                    assert is_consulting
                    is_consulting = False
                case BriefTarget() | SendReplaces() | JoinLegs():
                    assert is_consulting
                    bridged += isinstance(command, JoinLegs)
                case AnswerTransfer():
                    answered += 1
                case EndTransferred():
                    ended += 1
        assert under_way.is_under_way == (asked > answered)
    assert under_way.deadline() is None
    assert answered + ended <= asked
    if not under_way.is_bridged:
        assert answered + ended == asked
        assert is_on_hold is (ended > bridged)  # a call that ends is not resumed first
