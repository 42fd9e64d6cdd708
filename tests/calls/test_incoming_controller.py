"""Playbooks of a call's life: given this event, expect these commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.commands import (
    Answer,
    CallCommand,
    CloseSession,
    Finish,
    HangUp,
    OpenSession,
    PlayAnnouncement,
    PlayApology,
    Refuse,
    Ring,
    StartConversation,
)
from sipagent.calls.controller import ANNOUNCEMENT_LIMIT_S, TAIL_S, CallPolicy, State
from sipagent.calls.events import (
    AgentFellSilent,
    AnnouncementPlayed,
    ApologyPlayed,
    CallEvent,
    CallStarted,
    HangUpRequested,
    LegConfirmed,
    LegDisconnected,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from sipagent.calls.fallback import Fallback
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.errors import InvalidTransition


def talking_call(policy: CallPolicy | None = None) -> IncomingController:
    controller = IncomingController(policy or CallPolicy())
    controller.handle(CallStarted(), now=0.0)
    controller.handle(SessionReady(), now=0.1)
    assert controller.handle(LegConfirmed(), now=0.2) == [StartConversation()]
    return controller


def after_the_tail(
    controller: IncomingController, event: CallEvent, *, now: float
) -> list[CallCommand]:
    assert controller.handle(event, now=now) == []
    assert controller.handle(event, now=now + 0.1) == []  # said twice, it delays nothing
    assert controller.deadline() == now + TAIL_S
    return controller.handle(TimerFired(), now=now + TAIL_S)


def ended_as(commands: list[object]) -> tuple[Result, Reason, int]:
    finish = commands[-1]
    assert isinstance(finish, Finish)
    end = finish.termination
    return end.result, end.reason, end.sip_status


def test_a_call_rings_while_the_session_connects_and_is_answered_when_ready() -> None:
    controller = IncomingController(CallPolicy())
    assert controller.handle(CallStarted(), now=0.0) == [Ring(), OpenSession()]
    assert controller.handle(SessionReady(), now=0.4) == [Answer()]
    assert controller.handle(LegConfirmed(), now=0.5) == [StartConversation()]


def test_a_session_that_is_late_is_answered_with_the_apology_and_released() -> None:
    controller = IncomingController(CallPolicy(ready_within_s=3.0))
    controller.handle(CallStarted(), now=10.0)
    assert controller.deadline() == 13.0
    assert controller.handle(TimerFired(), now=13.0) == [CloseSession(), Answer()]
    assert controller.handle(SessionReady(), now=13.01) == []
    assert controller.handle(LegConfirmed(), now=13.1) == [PlayApology()]
    assert after_the_tail(controller, ApologyPlayed(), now=15.0) == [
        CloseSession(),
        HangUp(41, "session_timeout"),
    ]
    ended = controller.handle(LegDisconnected(200, by_peer=False), now=15.1)
    assert ended_as(list(ended)) == (Result.FAILED, Reason.SESSION_TIMEOUT, 200)


def test_a_plan_may_refuse_instead_of_apologising() -> None:
    controller = IncomingController(CallPolicy(fallback=Fallback("refuse")))
    controller.handle(CallStarted(), now=0.0)
    refused = controller.handle(SessionFailed(Reason.SESSION_REFUSED, "401"), now=0.1)
    assert refused == [CloseSession(), Refuse(503, "Service Unavailable")]
    ended = controller.handle(LegDisconnected(503, by_peer=False), now=0.2)
    assert ended_as(list(ended)) == (Result.FAILED, Reason.SESSION_REFUSED, 503)


def announcing_call() -> IncomingController:
    controller = IncomingController(CallPolicy(announces=True))
    controller.handle(CallStarted(), now=0.0)
    controller.handle(SessionReady(), now=0.1)
    assert controller.handle(LegConfirmed(), now=0.2) == [PlayAnnouncement()]
    return controller


def test_what_must_be_announced_is_heard_before_the_conversation_starts() -> None:
    controller = announcing_call()
    assert controller.handle(LegConfirmed(), now=0.3) == []
    assert controller.handle(AnnouncementPlayed(), now=2.0) == [StartConversation()]
    assert controller.handle(AnnouncementPlayed(), now=2.1) == []
    assert controller.state is State.TALKING


def test_without_the_announcement_there_is_no_conversation() -> None:
    controller = announcing_call()
    assert controller.deadline() == 0.2 + ANNOUNCEMENT_LIMIT_S
    expired = controller.handle(TimerFired(), now=0.2 + ANNOUNCEMENT_LIMIT_S)
    assert expired == [CloseSession(), HangUp(41, "media_failed")]


def test_a_session_lost_during_the_announcement_is_apologised_for() -> None:
    controller = announcing_call()
    lost = controller.handle(SessionFailed(Reason.SESSION_LOST, "1006"), now=1.0)
    assert lost == [CloseSession(), PlayApology()]
    assert controller.handle(AnnouncementPlayed(), now=1.5) == []


def test_a_session_lost_in_mid_call_is_apologised_for() -> None:
    controller = talking_call()
    lost = controller.handle(SessionFailed(Reason.SESSION_LOST, "1006"), now=5.0)
    assert lost == [CloseSession(), PlayApology()]
    assert controller.handle(SessionFailed(Reason.SESSION_LOST, "again"), now=5.1) == []


def test_the_agents_hang_up_waits_for_its_last_words() -> None:
    controller = talking_call()
    assert controller.handle(HangUpRequested(Reason.AGENT_HUNG_UP), now=5.0) == []
    assert after_the_tail(controller, AgentFellSilent(), now=7.0) == [
        CloseSession(),
        HangUp(16, "agent_hung_up"),
    ]
    ended = controller.handle(LegDisconnected(200, by_peer=False), now=7.1)
    assert ended_as(list(ended)) == (Result.COMPLETED, Reason.AGENT_HUNG_UP, 200)


def test_last_words_that_never_end_are_cut_at_the_limit() -> None:
    controller = talking_call(CallPolicy(last_words_limit_s=15.0))
    controller.handle(HangUpRequested(Reason.AGENT_HUNG_UP), now=5.0)
    assert controller.deadline() == 20.0
    assert HangUp(16, "agent_hung_up") in controller.handle(TimerFired(), now=20.0)


def test_silence_of_the_agent_ends_no_call_by_itself() -> None:
    controller = talking_call()
    assert controller.handle(AgentFellSilent(), now=3.0) == []
    assert controller.state is State.TALKING


def test_a_caller_who_gives_up_before_the_answer_is_abandoned() -> None:
    controller = IncomingController(CallPolicy())
    controller.handle(CallStarted(), now=0.0)
    ended = controller.handle(LegDisconnected(487, by_peer=True), now=1.0)
    assert ended_as(list(ended)) == (Result.ABANDONED, Reason.CALLER_CANCELLED, 487)


def test_a_caller_who_hangs_up_completes_the_call() -> None:
    ended = talking_call().handle(LegDisconnected(200, by_peer=True), now=9.0)
    assert ended_as(list(ended)) == (Result.COMPLETED, Reason.CALLER_HUNG_UP, 200)


def test_a_call_that_nobody_refreshes_is_lost() -> None:
    lost = LegDisconnected(200, by_peer=False, detail="No session refresh received.")
    assert talking_call().handle(lost, now=60.0) == [
        CloseSession(),
        Finish(Termination(Result.FAILED, Reason.PEER_LOST, "No session refresh received.")),
    ]


def test_a_bye_that_nobody_answers_does_not_keep_the_call() -> None:
    controller = talking_call()
    controller.handle(HangUpRequested(Reason.OPERATOR_HUNG_UP), now=5.0)
    deadline = controller.deadline()
    assert deadline is not None
    ended = controller.handle(TimerFired(), now=deadline)
    assert ended_as(list(ended)) == (Result.COMPLETED, Reason.OPERATOR_HUNG_UP, 200)


def test_an_answer_without_ack_is_given_up() -> None:
    controller = IncomingController(CallPolicy())
    controller.handle(CallStarted(), now=0.0)
    controller.handle(SessionReady(), now=0.1)
    assert HangUp(41, "media_failed") in controller.handle(TimerFired(), now=32.2)


@pytest.mark.parametrize("reason", [Reason.TIME_LIMIT, Reason.CALLER_SILENT])
def test_a_call_that_we_end_lets_the_agent_finish(reason: Reason) -> None:
    controller = talking_call()
    assert controller.handle(HangUpRequested(reason), now=5.0) == []
    ended = after_the_tail(controller, AgentFellSilent(), now=7.0)
    assert ended == [CloseSession(), HangUp(16, reason.value)]


def test_a_line_that_died_is_released_at_once_as_a_failure() -> None:
    controller = talking_call()
    lost = controller.handle(HangUpRequested(Reason.RTP_LOST), now=5.0)
    assert lost == [CloseSession(), HangUp(41, "rtp_lost")]
    ended = controller.handle(LegDisconnected(200, by_peer=False), now=5.1)
    assert ended_as(list(ended)) == (Result.FAILED, Reason.RTP_LOST, 200)


def test_an_early_timer_changes_nothing() -> None:
    controller = IncomingController(CallPolicy())
    controller.handle(CallStarted(), now=0.0)
    assert controller.handle(TimerFired(), now=2.9) == []
    assert controller.state is State.CONNECTING


def test_a_call_starts_once() -> None:
    controller = talking_call()
    with pytest.raises(InvalidTransition):
        controller.handle(CallStarted(), now=1.0)
    assert controller.state is State.TALKING


EVENTS: list[CallEvent] = [
    SessionReady(),
    SessionFailed(Reason.SESSION_LOST, "gone"),
    LegConfirmed(),
    LegDisconnected(200, by_peer=True),
    LegDisconnected(503, by_peer=False),
    HangUpRequested(Reason.AGENT_HUNG_UP),
    HangUpRequested(Reason.SHUTDOWN),
    AgentFellSilent(),
    ApologyPlayed(),
    AnnouncementPlayed(),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=12), st.booleans())
def test_whatever_happens_the_call_finishes_exactly_once(
    events: list[CallEvent], announces: bool
) -> None:
    controller = IncomingController(CallPolicy(announces=announces))
    now = 0.0
    commands = controller.handle(CallStarted(), now=now)
    for event in events:
        now += 0.01
        commands += controller.handle(event, now=now)
    if controller.state is State.TALKING:
        commands += controller.handle(HangUpRequested(Reason.TIME_LIMIT), now=now)
    for _ in range(8):  # left alone, its own limits end it
        deadline = controller.deadline()
        if deadline is None:
            break
        commands += controller.handle(TimerFired(), now=deadline)
    assert controller.state is State.ENDED
    assert sum(isinstance(command, Finish) for command in commands) == 1
    assert sum(isinstance(command, Answer | Refuse) for command in commands) <= 1
