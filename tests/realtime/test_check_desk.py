"""Playbooks of output guardrails: what is checked, and what stops an answer."""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult, GuardrailRun, OutputGuardrail
from sipagent.realtime import events
from sipagent.realtime.conversation_events import (
    AudioInterrupted,
    GuardrailCheckPassed,
    GuardrailCheckStarted,
    GuardrailTripped,
)
from sipagent.realtime.guardrail_runs import Remedy
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import OutputCheck
from sipagent.realtime.playback import ClockPlayback

from .playbook import PCMU, Playbook, Wire, audio, created, done, function_call, reception


def passes(context: object, agent: RealtimeAgent, text: str) -> GuardrailResult:
    """Never run here: a playbook says what came of it."""
    raise AssertionError


POLITE = OutputGuardrail("polite", passes, "Be polite.")
LEGAL = OutputGuardrail("legal", passes)


def guarded(agent: RealtimeAgent | None = None) -> Playbook:
    """Return a session that checks what is said, every ten characters."""
    options = SessionOptions(PCMU, PCMU, output_guardrails=(POLITE,), debounce_text_length=10)
    return Playbook(agent, options, ClockPlayback())


def says(text: str, response_id: str = "resp_1") -> Wire:
    where = {"item_id": "item_1", "output_index": 0, "content_index": 0}
    name = "response.output_audio_transcript.delta"
    return {"type": name, "response_id": response_id, **where, "delta": text}


def writes(text: str) -> Wire:
    return {**says(text), "type": "response.output_text.delta"}


def said(text: str, response_id: str = "resp_1", status: str = "completed") -> Wire:
    """A response ended that said ``text``."""
    part = {"type": "output_audio", "transcript": text}
    item = {"id": "item_1", "type": "message", "role": "assistant", "content": [part]}
    return done(response_id, status, output=[item])


def check(book: Playbook) -> OutputCheck:
    """Return the only check that is under way since this was last asked."""
    (work,) = book.checks
    book.checks = []
    return work


def finds(book: Playbook, work: OutputCheck, *tripped: OutputGuardrail) -> list[str]:
    """Let the guardrails find that ``tripped``; return the names of what is told."""
    runs = [
        GuardrailRun(each, GuardrailResult(each in tripped, {"word": "damn"}))
        for each in (POLITE, LEGAL)
    ]
    book.core.checked(work, runs, now=book.now)
    return [event.NAME for event in book.core.out.take_events()]


def feedback(sent: Sequence[Wire]) -> str:
    (item,) = [each["item"] for each in sent if each["type"] == "conversation.item.create"]
    assert item["role"] == "user"
    text: str = item["content"][0]["text"]
    return text


def test_speech_that_trips_is_cut_and_the_model_told_before_it_goes_on() -> None:
    book = guarded()
    book.hears(created(), audio(5000), says("Damn you all"))
    assert finds(book, check(book), POLITE) == [GuardrailTripped.NAME, AudioInterrupted.NAME]
    assert book.sent_types() == [
        "response.cancel",
        "conversation.item.truncate",
        "conversation.item.create",
    ]
    book.hears(said("Damn you all", status="cancelled"))
    assert book.sent_types() == ["response.create"]


def test_speech_is_truncated_where_it_was_heard() -> None:
    book = guarded()
    book.hears(created(), audio(5000), says("Damn you all"))
    finds(book, check(book), POLITE)
    (cut,) = [each for each in book.sent() if each["type"] == "conversation.item.truncate"]
    assert cut["audio_end_ms"] == 1000


def test_the_model_is_told_the_reason_and_what_was_found() -> None:
    book = guarded()
    book.hears(created(), says("Damn you all"))
    finds(book, check(book), POLITE)
    text = feedback(book.sent())
    assert "Be polite.\n" in text
    assert '{"word": "damn"}' in text


def test_what_is_said_instead_takes_the_place_of_the_feedback() -> None:
    book = guarded()
    book.hears(created(), audio(5000), says("Damn you all"))
    work = check(book)
    words = OutputGuardrail("words", POLITE.execute, instead="Say exactly: Sorry.")
    book.core.checked(work, [GuardrailRun(words, GuardrailResult(True))], now=book.now)
    book.hears(said("Damn you all", status="cancelled"))
    sent = book.sent()
    assert "conversation.item.create" not in [each["type"] for each in sent]
    assert sent[-1]["response"] == {"instructions": "Say exactly: Sorry."}


def test_what_is_said_instead_is_no_answer_to_itself() -> None:
    book = guarded()
    words = OutputGuardrail("words", POLITE.execute, instead="Say exactly: Damn.")
    trips = [GuardrailRun(words, GuardrailResult(True))]
    for response_id in ("resp_1", "resp_2", "resp_3"):
        book.hears(created(response_id), says("Damn you all", response_id))
        book.core.checked(check(book), trips, now=book.now)
        book.hears(said("Damn you all", response_id, status="cancelled"))
        book.checks = []
    asked = [each.get("response") for each in book.sent() if each["type"] == "response.create"]
    assert asked == [{"instructions": "Say exactly: Damn."}, {}, asked[0]]


def test_a_text_that_trips_is_cancelled_by_its_response() -> None:
    book = guarded()
    book.hears(created(), writes("Damn you all"))
    assert finds(book, check(book), POLITE) == [GuardrailTripped.NAME]
    cancel, item = book.sent()
    assert cancel == {"type": "response.cancel", "response_id": "resp_1"}
    assert item["type"] == "conversation.item.create"


def test_a_text_that_trips_when_it_is_done_is_only_answered_for() -> None:
    book = guarded()
    book.hears(created(), writes("Damn you all"))
    work = check(book)
    book.hears(done())
    finds(book, work, POLITE)
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_speech_that_trips_when_it_is_done_is_cut_where_it_was_heard() -> None:
    book = guarded()
    book.hears(created(), audio(5000), says("Damn you all"))
    work = check(book)
    book.hears(done())
    finds(book, work, POLITE)
    types = ["conversation.item.truncate", "conversation.item.create", "response.create"]
    assert book.sent_types() == types


def test_a_trip_of_an_older_response_is_only_told() -> None:
    book = guarded()
    book.hears(created(), says("Damn you all"))
    work = check(book)
    book.hears(done(status="cancelled"), created("resp_2"))
    book.core.checked(
        work, [GuardrailRun(POLITE, GuardrailResult(tripwire_triggered=True))], now=book.now
    )
    (tripped,) = [
        each for each in book.core.out.take_events() if isinstance(each, GuardrailTripped)
    ]
    assert tripped.trip.remedy is Remedy.NONE
    assert book.sent() == []


def test_a_response_trips_once() -> None:
    book = guarded()
    book.hears(created(), says("Damn you all"))
    first = check(book)
    book.hears(says(", and all others"))
    second = check(book)
    assert GuardrailTripped.NAME in finds(book, second, POLITE)
    book.sent()
    assert GuardrailTripped.NAME not in finds(book, first, POLITE)
    assert book.sent() == []


def test_a_short_answer_is_checked_at_its_end() -> None:
    book = guarded()
    book.hears(created(), says("Damn."))
    assert book.checks == []
    book.hears(said("Damn."))
    work = check(book)
    assert (work.check.text, work.check.is_final) == ("Damn.", True)
    assert GuardrailTripped.NAME in finds(book, work, POLITE)


def test_a_check_is_told_when_it_begins_and_when_it_found_nothing() -> None:
    book = guarded()
    told = book.hears_all(created(), said("Good day."))
    (started,) = [each for each in told if isinstance(each, GuardrailCheckStarted)]
    work = check(book)
    assert started.check == work.check
    book.core.checked(work, [GuardrailRun(POLITE, GuardrailResult(False))], now=book.now)
    passed = GuardrailCheckPassed(work.check, True, book.now)
    assert book.core.out.take_events() == [passed]
    assert book.sent() == []


def test_a_guardrail_that_raises_is_told_and_the_answer_goes_on() -> None:
    book = guarded()
    book.hears(created(), audio(5000), says("Good day to you"))
    broken = GuardrailRun(POLITE, None, OSError("no model"))
    book.core.checked(check(book), [broken], now=book.now)
    reported = book.core.out.take_events()[0]
    assert isinstance(reported, events.SessionErrorReported)
    assert (reported.code, reported.message) == ("guardrail_failed", "polite: OSError")
    assert not reported.fatal
    assert book.sent() == []
    assert book.hears(audio(20))


def test_a_guardrail_that_raises_does_not_hide_what_another_found() -> None:
    book = guarded()
    book.hears(created(), says("Damn you all"))
    tripped = GuardrailRun(LEGAL, GuardrailResult(tripwire_triggered=True))
    book.core.checked(check(book), [GuardrailRun(POLITE, None, OSError()), tripped], now=book.now)
    assert "legal" in feedback(book.sent())


def test_an_agent_nobody_guards_is_not_checked() -> None:
    book = Playbook()
    book.hears(created(), says("Damn you all"), said("Damn you all"))
    assert book.checks == []


def test_an_agents_own_guardrails_go_with_its_responses() -> None:
    book = Playbook(reception(output_guardrails=[LEGAL]))
    book.hears(created(), function_call("transfer_to_billing"), said("Hello."))
    work = check(book)
    assert work.agent.name == "Reception"
    book.hears(created("resp_2"), said("Hello again.", "resp_2"))
    assert book.checks == []
