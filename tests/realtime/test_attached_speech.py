"""Playbooks of sessions that are attached to a phone call, which the endpoint plays to."""

from __future__ import annotations

import pytest

from sipagent.agents.guardrails import GuardrailResult, GuardrailRun
from sipagent.realtime import events
from sipagent.realtime.conversation_events import (
    AudioInterrupted,
    OutputCleared,
    OutputStarted,
    OutputStopped,
    UsageReported,
)
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import AttachedPlayback

from .attached import (
    ATTACHED,
    CANCEL,
    CLEAR,
    RUDE,
    SPEECH,
    attached,
    buffer,
    successor,
    talking,
    words,
)
from .playbook import Playbook, created, done, error, function_call, heard, reception

# How it begins.


def test_an_accepted_call_is_sent_nothing_and_ready_when_its_session_is_there() -> None:
    book = attached()
    assert book.opening == []
    assert not book.core.is_configured
    assert book.hears(ATTACHED) == [events.SessionConfigured(1.0)]
    assert book.core.is_configured
    assert book.sent() == []


def test_a_call_that_was_not_accepted_by_us_is_configured_without_formats() -> None:
    book = attached(is_accepted=False)
    (update,) = book.opening
    assert update["type"] == "session.update"
    assert "format" not in update["session"]["audio"]["input"]
    assert "format" not in update["session"]["audio"]["output"]
    book.hears(ATTACHED)
    assert not book.core.is_configured
    book.hears({"type": "session.updated", "session": {}})
    assert book.core.is_configured


def test_traces_are_asked_for_if_they_are_wanted() -> None:
    book = attached(options=SessionOptions(tracing_disabled=False))
    book.hears(ATTACHED)
    (update,) = book.sent()
    assert update["session"] == {"type": "realtime", "tracing": "auto"}


# Who speaks.


def test_a_caller_who_speaks_is_the_endpoints_business() -> None:
    book = talking()
    book.hears(SPEECH)
    assert book.sent() == []
    (told,) = book.hears(words("day."))
    assert isinstance(told, events.AgentTranscriptDelta)


def test_an_interruption_cancels_and_then_drops_what_waits() -> None:
    book = talking()
    book.interrupts([heard(60, 100)], cancel=True)
    assert book.sent() == [CANCEL, CLEAR]


def test_a_response_is_cancelled_once() -> None:
    book = talking()
    book.interrupts([], cancel=True)
    book.interrupts([], cancel=True)
    assert book.sent() == [CANCEL, CLEAR, CLEAR]


def test_what_is_made_but_not_heard_is_dropped_without_a_cancel() -> None:
    book = talking()
    book.hears(done())
    book.interrupts([], cancel=True)
    assert book.sent() == [CLEAR]


def test_what_waits_may_be_dropped_while_the_response_goes_on() -> None:
    book = talking()
    book.interrupts([], cancel=False)
    assert book.sent() == [CLEAR]
    (told,) = book.hears(words("day."))
    assert isinstance(told, events.AgentTranscriptDelta)


def test_what_comes_late_of_a_cancelled_response_is_dropped() -> None:
    book = talking()
    book.interrupts([], cancel=True)
    assert book.hears(words("day.")) == []
    book.hears(done(status="cancelled"), created("resp_2"))
    (told,) = book.hears(words("Yes.", "resp_2"))
    assert isinstance(told, events.AgentTranscriptDelta)


@pytest.mark.parametrize("is_done", [False, True])
def test_an_answer_that_must_not_be_heard_is_dropped_made_or_not(is_done: bool) -> None:
    agent = reception(output_guardrails=[RUDE])
    options = SessionOptions(transcription=None, debounce_text_length=3)
    book = Playbook(agent, options, AttachedPlayback(), is_accepted=True)
    book.hears(ATTACHED, created(), words("Fool!"), buffer("started"))
    if is_done:
        book.hears(done())
    (work, *_) = book.checks
    book.core.checked(work, [GuardrailRun(RUDE, GuardrailResult(True))], now=book.now)
    sent = book.sent()
    stops = [CLEAR] if is_done else [CANCEL, CLEAR]
    assert sent[: len(stops)] == stops
    feedback = sent[len(stops)]
    assert feedback["type"] == "conversation.item.create"
    assert "blocked" in feedback["item"]["content"][0]["text"]


# What is heard.


def test_it_is_told_when_a_response_is_heard_and_when_no_more() -> None:
    book = attached()
    told = book.hears_all(ATTACHED, created(), buffer("started"))
    assert told[-1] == OutputStarted("resp_1", 3.0)
    told = book.hears_all(done(), buffer("stopped"))
    assert isinstance(told[0], events.ResponseDone)
    assert told[-1] == OutputStopped("resp_1", 5.0)


def test_a_response_that_was_dropped_was_interrupted() -> None:
    told = talking().hears_all(buffer("cleared"))
    assert told == [OutputCleared("resp_1", 5.0), AudioInterrupted("", 0, 0, 5.0)]


def test_something_is_heard_until_it_has_stopped_or_was_dropped() -> None:
    playback = AttachedPlayback()
    book = Playbook(playback=playback, is_accepted=True)
    seen = []
    for message in (
        created(),
        words("Good day."),
        buffer("started"),
        done(),
        buffer("stopped"),
        buffer("started", "resp_2"),
        buffer("cleared", "resp_2"),
    ):
        book.hears(message)
        seen.append(playback.is_playing(book.now))
    assert seen == [False, False, True, True, False, True, False]


def test_who_attaches_again_knows_of_nothing_that_is_heard() -> None:
    playback = AttachedPlayback()
    book = Playbook(playback=playback, is_accepted=True)
    book.hears(buffer("started"))
    successor(book, playback)
    assert not playback.is_playing(0.0)


# What goes on when it is attached to again.


def again(book: Playbook) -> Playbook:
    """Attach again; let ``book`` go on over that."""
    book.core = successor(book)
    book.hears(ATTACHED)
    return book


def test_a_response_that_may_go_on_unheard_is_cancelled_too_and_once() -> None:
    book = again(talking())
    for _ in range(2):
        book.interrupts([], cancel=True)
    assert book.sent() == [CANCEL, CLEAR, CLEAR]
    assert book.hears(words("day.")) == []


def test_a_response_that_was_asked_for_may_have_begun_unheard() -> None:
    book = attached()
    book.hears(ATTACHED)
    book.wants_response("Greet.")
    book.sent()
    again(again(book)).interrupts([], cancel=True)
    assert book.sent() == [CANCEL, CLEAR]


def test_what_was_made_before_the_loss_is_not_cancelled_after_it() -> None:
    book = talking()
    book.hears(done())
    again(book).interrupts([], cancel=True)
    assert book.sent() == [CLEAR]


@pytest.mark.parametrize("is_known", [False, True])
def test_a_response_whose_end_came_after_all_is_not_cancelled(is_known: bool) -> None:
    book = again(talking())
    book.hears(done(), *([created("resp_2"), done("resp_2")] if is_known else []))
    book.interrupts([], cancel=True)
    assert book.sent() == [CLEAR]


def test_a_response_that_is_in_the_way_is_cancelled_though_nobody_told_of_it() -> None:
    book = attached()
    book.hears(ATTACHED)
    book.wants_response("Greet.")
    (asked,) = book.sent()
    book.hears(error("conversation_already_has_active_response", event_id=asked["event_id"]))
    book.interrupts([], cancel=True)
    assert book.sent() == [CANCEL, CLEAR]


@pytest.mark.parametrize("is_done", [False, True])
def test_an_answer_is_blocked_by_a_check_that_began_before_the_loss(is_done: bool) -> None:
    agent = reception(output_guardrails=[RUDE])
    options = SessionOptions(transcription=None, debounce_text_length=3)
    book = Playbook(agent, options, AttachedPlayback(), is_accepted=True)
    book.hears(ATTACHED, created(), words("Fool!"), buffer("started"), *([done()] * is_done))
    (work, *_) = book.checks
    before = book.core
    again(book).core.checked(work, [GuardrailRun(RUDE, GuardrailResult(True))], now=book.now)
    sent = book.sent()
    stops = [CLEAR] if is_done else [CANCEL, CLEAR]
    assert sent[: len(stops)] == stops
    assert sent[len(stops)]["type"] == "conversation.item.create"
    assert before.out.take_messages() == []


def test_a_response_beside_the_conversation_stays_there() -> None:
    book = attached()
    aside = {"id": "resp_aside", "conversation_id": None}
    book.hears(ATTACHED, {"type": "response.created", "response": aside})
    told = again(book).hears_all(
        function_call("look_up", response_id="resp_aside"),
        {"type": "response.done", "response": {**aside, "status": "completed"}},
    )
    assert [type(each) for each in told] == [events.ResponseDone, UsageReported]
    assert book.calls() == []
