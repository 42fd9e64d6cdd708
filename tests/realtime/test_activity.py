"""What a change of connections would cut off, lose or cancel."""

from __future__ import annotations

import json

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import function_tool
from sipagent.realtime.activity import activity
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import ClockPlayback

from .playbook import PCMU, Playbook, audio, created, done, error, function_call, look_up

NOW = 100.0
"""When all that came was heard."""


def played() -> Playbook:
    return Playbook(options=SessionOptions(PCMU, PCMU), playback=ClockPlayback())


def is_idle(book: Playbook, *, now: float = NOW, is_caller_speaking: bool = False) -> bool:
    playback = book.core.speech._playback
    return activity(book.core, playback, is_caller_speaking=is_caller_speaking, now=now).is_idle


def test_without_a_connection_nothing_goes_on() -> None:
    assert activity(None, ClockPlayback(), is_caller_speaking=False, now=NOW).is_idle


def test_who_speaks_is_not_cut_off() -> None:
    book = played()
    book.hears(created(), audio(5000), done())
    assert not is_idle(book, now=book.now)
    assert is_idle(book)
    assert not is_idle(book, is_caller_speaking=True)


def test_a_response_counts_from_when_it_is_asked_for() -> None:
    book = played()
    book.wants_response("Greet.")
    assert not is_idle(book)
    book.hears(created())
    assert not is_idle(book)
    book.wants_response("And say goodbye.")
    book.hears(done())
    assert not is_idle(book)
    book.hears(created("resp_2"), done("resp_2"))
    assert is_idle(book)


def test_a_response_that_was_refused_is_not_waited_for() -> None:
    book = played()
    book.wants_response("Greet.")
    (asked,) = [each for each in book.sent() if each["type"] == "response.create"]
    book.hears(error("rate_limit_exceeded", event_id=asked["event_id"]))
    assert is_idle(book)


@pytest.mark.parametrize("name", ["look_up", "transfer_to_billing"])
def test_a_tool_that_runs_is_not_cancelled(name: str) -> None:
    book = played()
    book.core.receive(json.dumps(created()), now=1.0)
    book.core.receive(json.dumps(function_call(name)), now=2.0)
    book.core.receive(json.dumps(done()), now=3.0)
    assert not is_idle(book)


def test_once_the_model_has_answered_to_a_tool_nothing_goes_on() -> None:
    book = played()
    book.hears(created(), function_call("look_up"), done())
    book.ends(book.call())
    assert not is_idle(book)
    book.hears(created("resp_2"), done("resp_2"))
    assert is_idle(book)


def test_a_call_that_waits_for_somebodys_word_keeps_no_session_until_it_runs() -> None:
    agent = RealtimeAgent("Desk", tools=[function_tool(look_up, needs_approval=True)])
    book = Playbook(agent, SessionOptions(PCMU, PCMU), ClockPlayback())
    book.hears(created(), function_call("look_up"), done())
    book.core.tools.approval_needed(book.call(), now=book.now)
    assert is_idle(book)
    (request,) = book.core.tools.pending_approvals
    book.core.tools.approve(request, always=False, now=book.now)
    assert not is_idle(book)
