"""Playbooks of an attached call's life: given this event, expect these commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.attached_commands import (
    AcceptCall,
    AttachedCommand,
    AttachSession,
    Greet,
    HangUpCall,
    LetGo,
    RejectCall,
)
from sipagent.calls.attached_controller import (
    GOODBYE_S,
    RELEASE_LIMIT_S,
    AttachedController,
    State,
)
from sipagent.calls.attached_events import (
    AttachedEvent,
    AttachFailed,
    CallAccepted,
    CallOver,
    CallReleased,
    CallResumed,
    DetachRequested,
)
from sipagent.calls.commands import Finish
from sipagent.calls.controller import TAIL_S, CallPolicy
from sipagent.calls.events import (
    AgentFellSilent,
    CallStarted,
    HangUpRequested,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.errors import InvalidTransition
from sipagent.realtime.rotation import RotationSettings

POLICY = CallPolicy(last_words_limit_s=15.0)
OVER = CallOver(Reason.CALLER_HUNG_UP)
BY_AGENT = HangUpRequested(Reason.AGENT_HUNG_UP, "by Ada")
BY_OPERATOR = HangUpRequested(Reason.OPERATOR_HUNG_UP)
LOST = SessionFailed(Reason.SESSION_LOST, "close code 1006")
NOT_THERE = AttachFailed(Reason.SESSION_TIMEOUT, "no handshake")


def new_call(rotation: RotationSettings | None = None) -> AttachedController:
    return AttachedController(POLICY, rotation or RotationSettings(), max_duration_s=600.0)


def in_state(state: State) -> AttachedController:
    """Return a call that came to ``state`` at second 0."""
    call = new_call()
    path: list[AttachedEvent] = [CallStarted(), CallAccepted(), SessionReady(), BY_AGENT]
    steps = {State.ACCEPTING: 1, State.ATTACHING: 2, State.TALKING: 3, State.ENDING: 4}
    steps |= {State.LINGERING: 5, State.RELEASING: 6}
    path += [AgentFellSilent()]
    for event in path[: steps[state]]:
        call.handle(event, now=0.0)
    if state is State.RELEASING:
        call.handle(TimerFired(), now=TAIL_S)
    assert call.state is state
    return call


def ended(commands: list[AttachedCommand]) -> Termination:
    (finish,) = commands
    assert isinstance(finish, Finish)
    return finish.termination


def test_a_call_is_accepted_attached_to_and_greeted() -> None:
    call = new_call()
    assert call.handle(CallStarted(), now=0.0) == [AcceptCall()]
    assert call.handle(CallAccepted(), now=0.5) == [AttachSession()]
    assert call.handle(SessionReady(), now=0.7) == [Greet()]
    assert call.state is State.TALKING
    assert ended(call.handle(OVER, now=9.0)) == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


def test_a_call_taken_up_again_is_neither_accepted_nor_greeted() -> None:
    call = new_call()
    assert call.handle(CallResumed(100.0), now=1.0) == [AttachSession()]
    assert call.handle(SessionReady(), now=2.0) == []
    assert call.deadline() == 1.0 + 600.0 - 100.0


@pytest.mark.parametrize("again", [CallStarted(), CallResumed(0.0)])
def test_a_call_begins_once(again: AttachedEvent) -> None:
    call = in_state(State.TALKING)
    with pytest.raises(InvalidTransition):
        call.handle(again, now=1.0)
    assert call.state is State.TALKING


def test_a_caller_who_is_gone_before_the_accept_gave_up() -> None:
    call = in_state(State.ACCEPTING)
    gone = CallOver(Reason.CALLER_CANCELLED, "no such call")
    assert ended(call.handle(gone, now=1.0)) == Termination(
        Result.ABANDONED, Reason.CALLER_CANCELLED, "no such call", 487
    )


def test_a_session_the_endpoint_does_not_want_is_a_failure_and_the_caller_is_not_left_ringing() -> (
    None
):
    call = in_state(State.ACCEPTING)
    refused = SessionFailed(Reason.SESSION_REFUSED, "unknown parameter")
    assert call.handle(refused, now=1.0) == [RejectCall(503)]
    assert ended(call.handle(CallReleased(), now=1.1)) == Termination(
        Result.FAILED, Reason.SESSION_REFUSED, "unknown parameter", 503
    )


def test_an_accept_that_nobody_answered_may_have_been_heard_so_the_call_is_hung_up() -> None:
    call = in_state(State.ACCEPTING)
    assert call.handle(SessionFailed(Reason.SESSION_TIMEOUT, "?"), now=1.0) == [HangUpCall()]


@pytest.mark.parametrize("state", [State.ATTACHING, State.TALKING])
def test_a_call_whose_session_is_lost_for_good_is_hung_up(state: State) -> None:
    call = in_state(state)
    assert call.handle(LOST, now=1.0) == [HangUpCall()]
    end = ended(call.handle(CallReleased(), now=1.1))  # no socket is left to tell the end
    assert end == Termination(Result.FAILED, Reason.SESSION_LOST, "close code 1006")


def test_a_socket_that_does_not_open_is_tried_again_ever_slower() -> None:
    call = in_state(State.ATTACHING)
    now, delays = 0.0, list[float]()
    for _ in range(3):
        assert call.handle(NOT_THERE, now=now) == []
        deadline = call.deadline()
        assert deadline is not None
        assert call.handle(TimerFired(), now=deadline - 0.01) == []
        assert call.handle(TimerFired(), now=deadline) == [AttachSession()]
        delays.append(deadline - now)
        now = deadline
    assert delays == [0.25, 0.5, 1.0]
    assert call.handle(SessionReady(), now=now) == [Greet()]


def test_a_socket_that_never_opens_is_given_up_after_the_plans_attempts() -> None:
    call = new_call(RotationSettings(attempts=2))
    call.handle(CallStarted(), now=0.0)
    call.handle(CallAccepted(), now=0.0)
    assert call.handle(NOT_THERE, now=0.0) == []
    assert call.handle(NOT_THERE, now=1.0) == []
    assert call.handle(NOT_THERE, now=2.0) == [HangUpCall()]
    end = ended(call.handle(CallReleased(), now=2.1))
    assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_TIMEOUT)


def test_a_socket_is_not_tried_for_longer_than_the_plan_allows() -> None:
    call = new_call(RotationSettings(give_up_after_s=5.0))
    call.handle(CallStarted(), now=0.0)
    call.handle(CallAccepted(), now=10.0)
    assert call.handle(NOT_THERE, now=14.0) == []
    assert call.handle(NOT_THERE, now=14.9) == [HangUpCall()]


def test_a_call_that_is_over_when_it_is_attached_to_was_hung_up_by_the_caller() -> None:
    end = ended(in_state(State.ATTACHING).handle(OVER, now=1.0))
    assert (end.result, end.reason, end.sip_status) == (
        Result.COMPLETED,
        Reason.CALLER_HUNG_UP,
        200,
    )


def test_the_agents_last_words_are_heard_before_it_hangs_up() -> None:
    call = in_state(State.TALKING)
    assert call.handle(BY_AGENT, now=1.0) == []
    assert call.deadline() == 16.0
    assert call.handle(AgentFellSilent(), now=3.0) == []
    assert call.handle(AgentFellSilent(), now=3.1) == []  # said twice, it delays nothing
    assert call.deadline() == 3.0 + TAIL_S
    assert call.handle(TimerFired(), now=3.0 + TAIL_S) == [HangUpCall()]
    assert ended(call.handle(OVER, now=3.5)) == Termination(
        Result.COMPLETED, Reason.AGENT_HUNG_UP, "by Ada"
    )


def test_last_words_have_a_limit() -> None:
    call = in_state(State.ENDING)
    assert call.handle(TimerFired(), now=14.9) == []
    assert call.handle(TimerFired(), now=15.0) == [HangUpCall()]


def test_silence_alone_ends_nothing() -> None:
    call = in_state(State.TALKING)
    assert call.handle(AgentFellSilent(), now=1.0) == []
    assert call.state is State.TALKING


@pytest.mark.parametrize("state", [State.ENDING, State.LINGERING])
def test_a_session_lost_during_the_farewell_cuts_it_short(state: State) -> None:
    call = in_state(state)
    assert call.handle(LOST, now=1.0) == [HangUpCall()]
    assert ended(call.handle(CallReleased(), now=1.1)).reason is Reason.AGENT_HUNG_UP


@pytest.mark.parametrize("state", [State.ATTACHING, State.TALKING, State.ENDING, State.LINGERING])
def test_an_operator_does_not_wait_for_last_words(state: State) -> None:
    call = in_state(state)
    assert call.handle(BY_OPERATOR, now=1.0) == [HangUpCall()]
    assert ended(call.handle(OVER, now=1.5)).reason is Reason.OPERATOR_HUNG_UP


def test_hanging_up_waits_for_an_accept_that_is_under_way() -> None:
    call = in_state(State.ACCEPTING)
    assert call.handle(BY_OPERATOR, now=0.1) == []
    assert call.handle(CallAccepted(), now=0.2) == [HangUpCall()]
    assert ended(call.handle(CallReleased(), now=0.3)).reason is Reason.OPERATOR_HUNG_UP


def test_a_call_that_is_being_ended_is_ended_once() -> None:
    call = in_state(State.RELEASING)
    for event in (BY_AGENT, BY_OPERATOR, LOST, AgentFellSilent(), DetachRequested()):
        assert call.handle(event, now=1.0) == []
    assert ended(call.handle(OVER, now=1.1)).reason is Reason.AGENT_HUNG_UP


def test_after_the_hang_up_was_answered_the_socket_has_a_moment_to_end() -> None:
    call = in_state(State.RELEASING)
    assert call.handle(CallReleased(), now=1.0) == []
    assert call.handle(TimerFired(), now=1.0 + GOODBYE_S - 0.01) == []
    assert ended(call.handle(TimerFired(), now=1.0 + GOODBYE_S)).reason is Reason.AGENT_HUNG_UP


def test_a_hang_up_that_nobody_answers_is_given_up() -> None:
    call = in_state(State.RELEASING)
    assert call.deadline() == TAIL_S + RELEASE_LIMIT_S
    assert ended(call.handle(TimerFired(), now=TAIL_S + RELEASE_LIMIT_S)).result is Result.COMPLETED


@pytest.mark.parametrize("state", [State.ATTACHING, State.TALKING])
def test_a_call_has_its_time(state: State) -> None:
    call = in_state(state)
    assert call.deadline() == 600.0
    assert call.handle(TimerFired(), now=599.9) == []
    assert call.handle(TimerFired(), now=600.0) == [HangUpCall()]
    end = ended(call.handle(OVER, now=600.1))
    assert (end.result, end.reason) == (Result.COMPLETED, Reason.TIME_LIMIT)


@pytest.mark.parametrize("state", [State.ATTACHING, State.TALKING])
def test_a_call_is_let_go_without_an_end(state: State) -> None:
    call = in_state(state)
    assert call.handle(DetachRequested(), now=1.0) == [LetGo()]
    assert call.state is State.ENDED
    assert call.handle(OVER, now=1.1) == []


def test_a_call_is_let_go_when_its_accept_is_known() -> None:
    call = in_state(State.ACCEPTING)
    assert call.handle(DetachRequested(), now=0.1) == []
    assert call.handle(CallAccepted(), now=0.2) == [LetGo()]


def test_a_call_that_is_to_be_hung_up_is_not_let_go_instead() -> None:
    call = in_state(State.ACCEPTING)
    call.handle(BY_OPERATOR, now=0.1)
    call.handle(DetachRequested(), now=0.1)
    assert call.handle(CallAccepted(), now=0.2) == [HangUpCall()]


@pytest.mark.parametrize("state", [State.ENDING, State.LINGERING])
def test_a_call_the_agent_ends_is_not_left_to_somebody_who_does_not_know(state: State) -> None:
    call = in_state(state)
    assert call.handle(DetachRequested(), now=1.0) == [HangUpCall()]


EVENTS: list[AttachedEvent] = [
    CallAccepted(),
    SessionReady(),
    NOT_THERE,
    LOST,
    BY_AGENT,
    BY_OPERATOR,
    AgentFellSilent(),
    OVER,
    CallReleased(),
    DetachRequested(),
    TimerFired(),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=30), st.booleans())
def test_whatever_happens_a_call_ends_once_and_never_waits_for_ever(
    happens: list[AttachedEvent], is_resumed: bool
) -> None:
    call, now = new_call(), 0.0
    commands = call.handle(CallResumed(0.0) if is_resumed else CallStarted(), now=now)
    for event in happens:
        now += 0.1
        commands += call.handle(event, now=now)
    if call.state is State.ACCEPTING:
        commands += call.handle(SessionFailed(Reason.SESSION_REFUSED, "no"), now=now)
    for _ in range(10):
        if (deadline := call.deadline()) is not None:
            commands += call.handle(TimerFired(), now=deadline)
            if AttachSession() in commands and call.state is State.ATTACHING:
                commands += call.handle(LOST, now=deadline)
    assert call.state is State.ENDED
    assert sum(isinstance(each, Finish | LetGo) for each in commands) == 1
    assert sum(isinstance(each, HangUpCall | RejectCall) for each in commands) <= 1
    assert commands.count(Greet()) <= 1
