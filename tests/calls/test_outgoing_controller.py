"""Playbooks of the life of a call that we place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.commands import (
    CallCommand,
    CloseSession,
    Finish,
    HangUp,
    OpenSession,
    PlayApology,
    StartConversation,
)
from sipagent.calls.controller import CallPolicy, State
from sipagent.calls.events import (
    AgentFellSilent,
    ApologyPlayed,
    CallEvent,
    CallStarted,
    EarlyMediaWritten,
    HangUpRequested,
    LegConfirmed,
    LegDisconnected,
    LegProgressed,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from sipagent.calls.outgoing_controller import WRITTEN_LIMIT_S, OutgoingController
from sipagent.calls.termination import Reason, Result


def dialled(
    *, ring_s: float = 30.0, greets: bool = True, hears_early: bool = False
) -> OutgoingController:
    controller = OutgoingController(
        CallPolicy(), ring_s=ring_s, greets=greets, hears_early=hears_early
    )
    assert controller.handle(CallStarted(), now=0.0) == [OpenSession()]
    return controller


def ended_as(commands: list[CallCommand]) -> tuple[Result, Reason, int]:
    finish = commands[-1]
    assert isinstance(finish, Finish)
    end = finish.termination
    return end.result, end.reason, end.sip_status


@pytest.mark.parametrize("greets", [True, False])
def test_the_session_is_opened_while_it_rings_and_they_talk_on_answer(greets: bool) -> None:
    controller = dialled(greets=greets)
    assert controller.handle(LegProgressed(180), now=1.0) == []
    assert controller.handle(SessionReady(), now=1.5) == []
    assert controller.handle(LegConfirmed(), now=9.0) == [StartConversation(greets)]
    ended = controller.handle(LegDisconnected(200, by_peer=True), now=20.0)
    assert ended_as(ended) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, 200)


@pytest.mark.parametrize(
    "event",
    [
        EarlyMediaWritten(),
        SessionFailed(Reason.SESSION_LOST, ""),
        HangUpRequested(Reason.OPERATOR_HUNG_UP),
    ],
)
def test_a_refusal_waits_until_what_was_said_before_is_written_down(event: CallEvent) -> None:
    controller = dialled(hears_early=True)
    controller.handle(LegProgressed(183), now=1.0)
    assert controller.handle(LegDisconnected(404, by_peer=True), now=5.0) == []
    assert controller.handle(SessionReady(), now=5.1) == []
    ended = controller.handle(event, now=5.5)
    assert ended_as(ended) == (Result.UNANSWERED, Reason.WRONG_NUMBER, 404)


def test_it_does_not_wait_for_long() -> None:
    controller = dialled(hears_early=True)
    controller.handle(LegDisconnected(404, by_peer=True), now=5.0)
    assert controller.handle(TimerFired(), now=6.9) == []
    assert controller.deadline() == 5.0 + WRITTEN_LIMIT_S
    ended = controller.handle(TimerFired(), now=5.0 + WRITTEN_LIMIT_S)
    assert ended_as(ended) == (Result.UNANSWERED, Reason.WRONG_NUMBER, 404)


def test_after_the_answer_there_is_nothing_to_wait_for() -> None:
    controller = dialled(hears_early=True)
    controller.handle(SessionReady(), now=1.5)
    controller.handle(LegConfirmed(), now=9.0)
    ended = controller.handle(LegDisconnected(200, by_peer=True), now=20.0)
    assert ended_as(ended) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, 200)


def test_an_answer_before_the_session_waits_for_it() -> None:
    controller = dialled()
    assert controller.handle(LegConfirmed(), now=0.1) == []
    assert controller.deadline() == pytest.approx(3.1)
    assert controller.handle(SessionReady(), now=0.4) == [StartConversation()]


def test_an_answer_whose_session_never_comes_is_apologised_for() -> None:
    controller = dialled()
    controller.handle(LegConfirmed(), now=1.0)
    assert controller.handle(TimerFired(), now=4.0) == [CloseSession(), PlayApology()]


def test_ringing_for_too_long_is_cancelled() -> None:
    controller = dialled(ring_s=30.0)
    controller.handle(LegProgressed(183), now=0.5)
    assert controller.deadline() == 30.0
    assert controller.handle(TimerFired(), now=30.0) == [CloseSession(), HangUp(16, "ring_timeout")]
    ended = controller.handle(LegDisconnected(487, by_peer=False), now=30.1)
    assert ended_as(ended) == (Result.UNANSWERED, Reason.RING_TIMEOUT, 487)


def test_a_peer_that_never_said_anything_is_unreachable() -> None:
    controller = dialled(ring_s=5.0)
    controller.handle(TimerFired(), now=5.0)
    release = controller.deadline()
    assert release is not None
    ended = controller.handle(TimerFired(), now=release)
    assert ended_as(ended) == (Result.FAILED, Reason.UNREACHABLE, 487)


def test_nobody_is_rung_up_for_a_session_that_failed() -> None:
    controller = dialled()
    failed = controller.handle(SessionFailed(Reason.SESSION_REFUSED, "401"), now=0.2)
    assert failed == [CloseSession(), HangUp(41, "session_refused")]
    ended = controller.handle(LegDisconnected(487, by_peer=False), now=0.3)
    assert ended_as(ended) == (Result.FAILED, Reason.SESSION_REFUSED, 487)


def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    controller = dialled()
    controller.handle(LegProgressed(180), now=0.5)
    cancelled = controller.handle(HangUpRequested(Reason.OPERATOR_HUNG_UP), now=2.0)
    assert cancelled == [CloseSession(), HangUp(16, "operator_hung_up")]
    assert controller.handle(LegConfirmed(), now=2.1) == [HangUp(16, "answered too late")]
    assert controller.handle(LegConfirmed(), now=2.1) == []
    ended = controller.handle(LegDisconnected(200, by_peer=False), now=2.2)
    assert ended_as(ended) == (Result.ABANDONED, Reason.OPERATOR_HUNG_UP, 487)


@pytest.mark.parametrize(
    ("status", "result", "reason"),
    [
        (486, Result.UNANSWERED, Reason.CALLEE_BUSY),
        (600, Result.UNANSWERED, Reason.CALLEE_BUSY),
        (480, Result.UNANSWERED, Reason.NO_ANSWER),
        (408, Result.UNANSWERED, Reason.NO_ANSWER),
        (603, Result.UNANSWERED, Reason.DECLINED),
        (404, Result.UNANSWERED, Reason.WRONG_NUMBER),
        (484, Result.UNANSWERED, Reason.WRONG_NUMBER),
        (302, Result.UNANSWERED, Reason.REDIRECTED),
        (407, Result.FAILED, Reason.DIAL_REFUSED),
        (488, Result.FAILED, Reason.NOT_ACCEPTABLE),
        (503, Result.FAILED, Reason.DIAL_FAILED),
        (420, Result.FAILED, Reason.DIAL_FAILED),
    ],
)
def test_a_refusal_says_why(status: int, result: Result, reason: Reason) -> None:
    controller = dialled()
    controller.handle(LegProgressed(180), now=0.5)
    ended = controller.handle(LegDisconnected(status, by_peer=True, detail="why"), now=1.0)
    assert ended_as(ended) == (result, reason, status)


def test_a_timeout_before_any_response_is_a_peer_that_is_not_there() -> None:
    ended = dialled().handle(LegDisconnected(408, by_peer=True), now=32.0)
    assert ended_as(ended) == (Result.FAILED, Reason.UNREACHABLE, 408)


EVENTS: list[CallEvent] = [
    LegProgressed(180),
    LegProgressed(183),
    SessionReady(),
    SessionFailed(Reason.SESSION_LOST, "gone"),
    LegConfirmed(),
    LegDisconnected(200, by_peer=True),
    LegDisconnected(486, by_peer=True),
    LegDisconnected(487, by_peer=False),
    HangUpRequested(Reason.AGENT_HUNG_UP),
    HangUpRequested(Reason.MACHINE_ANSWERED),
    HangUpRequested(Reason.OPERATOR_HUNG_UP),
    AgentFellSilent(),
    ApologyPlayed(),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_whatever_happens_the_call_finishes_exactly_once(events: list[CallEvent]) -> None:
    controller = dialled()
    now, commands = 0.0, []
    is_answered = False
    for event in events:
        now += 0.01
        came = controller.handle(event, now=now)
        is_answered = is_answered or event == LegConfirmed()
        if any(isinstance(command, StartConversation | PlayApology) for command in came):
            assert is_answered  # nothing is said to a telephone that rings
        commands += came
    if controller.state is State.TALKING:
        commands += controller.handle(HangUpRequested(Reason.TIME_LIMIT), now=now)
    for _ in range(8):  # left alone, its own limits end it
        deadline = controller.deadline()
        if deadline is None:
            break
        commands += controller.handle(TimerFired(), now=deadline)
    assert controller.state is State.ENDED
    assert sum(isinstance(command, Finish) for command in commands) == 1
    assert sum(isinstance(command, StartConversation) for command in commands) <= 1
