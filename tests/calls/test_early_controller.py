from __future__ import annotations

from sipagent.calls.commands import (
    Answer,
    CloseSession,
    OpenSession,
    PlayApology,
    PlayEarlyMedia,
    Progress,
    Ring,
    StartConversation,
    StopEarlyMedia,
)
from sipagent.calls.controller import CallPolicy, State
from sipagent.calls.early_controller import EARLY_LIMIT_S, EarlyController, EarlyMedia
from sipagent.calls.events import (
    AgentFellSilent,
    CallStarted,
    EarlyMediaPlayed,
    LegConfirmed,
    LegDisconnected,
    MediaBegan,
    SessionFailed,
    SessionReady,
    TimerFired,
)
from sipagent.calls.termination import Reason


def greeting(answer_after_s: float | None = None) -> EarlyController:
    """Return a call whose agent greets before the answer; the greeting has begun."""
    controller = EarlyController(CallPolicy(), EarlyMedia("greeting", answer_after_s))
    assert controller.handle(CallStarted(), now=0.0) == [Ring(), OpenSession()]
    assert controller.handle(AgentFellSilent(), now=0.1) == []
    assert controller.handle(SessionReady(), now=0.5) == [Progress()]
    assert controller.handle(MediaBegan(), now=0.6) == [StartConversation()]
    return controller


def file(answer_after_s: float | None = None) -> EarlyController:
    """Return a call with a file before the answer; the file has begun, the session is not ready."""
    controller = EarlyController(CallPolicy(), EarlyMedia("file", answer_after_s))
    assert controller.handle(CallStarted(), now=0.0) == [Progress(), OpenSession()]
    assert controller.handle(MediaBegan(), now=0.1) == [PlayEarlyMedia()]
    return controller


def test_a_greeting_that_was_heard_is_followed_by_the_answer_and_not_said_again() -> None:
    controller = greeting()
    assert controller.handle(AgentFellSilent(), now=3.0) == [Answer()]
    assert controller.handle(LegConfirmed(), now=3.1) == []
    assert controller.state is State.TALKING


def test_a_greeting_may_go_on_after_the_answer() -> None:
    controller = greeting(answer_after_s=2.0)
    assert controller.handle(AgentFellSilent(), now=1.0) == []
    assert controller.deadline() == 2.6
    assert controller.handle(TimerFired(), now=2.6) == [Answer()]


def test_a_greeting_that_never_ends_is_answered_in_time() -> None:
    assert greeting().handle(TimerFired(), now=EARLY_LIMIT_S + 0.5) == [Answer()]


def test_a_file_is_heard_while_the_session_connects() -> None:
    controller = file()
    assert controller.handle(EarlyMediaPlayed(), now=1.0) == []
    assert controller.handle(SessionReady(), now=1.5) == [Answer()]
    assert controller.handle(LegConfirmed(), now=1.6) == [StartConversation()]


def test_a_file_is_heard_to_its_end() -> None:
    controller = file()
    assert controller.handle(SessionReady(), now=0.5) == []
    assert controller.handle(EarlyMediaPlayed(), now=4.0) == [Answer()]


def test_what_is_left_of_a_file_is_dropped_at_the_answer() -> None:
    controller = file(answer_after_s=2.0)
    controller.handle(SessionReady(), now=0.5)
    assert controller.handle(TimerFired(), now=2.1) == [StopEarlyMedia(), Answer()]


def test_a_session_that_comes_late_is_answered_at_once() -> None:
    controller = file(answer_after_s=1.0)
    assert controller.handle(SessionReady(), now=2.0) == [StopEarlyMedia(), Answer()]


def test_a_session_that_fails_before_the_answer_is_apologised_for_after_it() -> None:
    controller = file()
    failed = SessionFailed(Reason.SESSION_REFUSED, "401")
    told = controller.handle(failed, now=1.0)
    assert told == [StopEarlyMedia(), CloseSession(), Answer()]
    assert controller.handle(LegConfirmed(), now=1.1) == [PlayApology()]


def test_who_hangs_up_before_the_answer_gave_up() -> None:
    controller = greeting()
    *_, finish = controller.handle(LegDisconnected(487, by_peer=True), now=1.0)
    assert getattr(finish, "termination").reason is Reason.CALLER_CANCELLED  # noqa: B009
