"""Playbooks of what the owner sends by itself, and of responses outside the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.realtime import events
from sipagent.realtime.conversation_events import AgentStarted, UsageReported
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.usage import Usage
from sipagent.wire import client
from sipagent.wire.events import Json

from .playbook import PCMU, Playbook, Wire, audio, created, done, error, function_call

ASIDE: Json = {"conversation": "none", "instructions": "Classify."}
TOKENS = {"input_tokens": 7, "output_tokens": 9, "total_tokens": 16}


def created_aside(response_id: str = "resp_aside") -> Wire:
    """Inference outside the conversation begins."""
    event = created(response_id)
    event["response"]["conversation_id"] = None
    return event


def done_aside(response_id: str = "resp_aside", **more: Any) -> Wire:
    """Inference outside the conversation ended."""
    return done(response_id, conversation_id=None, **more)


def item_of(response_id: str) -> Wire:
    """A message that a response adds."""
    item = {"id": "item_9", "type": "message", "role": "assistant", "content": []}
    where = {"response_id": response_id, "output_index": 0}
    return {"type": "response.output_item.added", **where, "item": item}


def asks(book: Playbook, response: Json, event_id: str | None = None) -> None:
    book.core.send(client.ResponseCreate(response=response, event_id=event_id))


def test_a_response_of_the_owners_waits_its_turn() -> None:
    book = Playbook()
    book.hears(created())
    asks(book, {"instructions": "Greet."}, "mine")
    assert book.sent() == []
    book.hears(done())
    (create,) = book.sent()
    assert (create["event_id"], create["response"]) == ("mine", {"instructions": "Greet."})


def test_responses_of_the_owners_are_never_merged() -> None:
    book = Playbook()
    asks(book, {})
    asks(book, {})
    assert book.sent_types() == ["response.create"]
    book.hears(created(), done())
    assert book.sent_types() == ["response.create"]


def test_a_response_outside_the_conversation_waits_for_none() -> None:
    book = Playbook()
    book.hears(created())
    asks(book, ASIDE)
    (create,) = book.sent()
    assert create == {"type": "response.create", "response": ASIDE}


def test_a_response_outside_the_conversation_holds_up_none() -> None:
    book = Playbook()
    asks(book, ASIDE, "mine")
    assert book.sent()[0]["event_id"] == "mine"
    book.hears(created_aside())
    book.writes("Hello?")
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_the_end_of_a_response_outside_the_conversation_lets_no_other_begin() -> None:
    book = Playbook()
    book.hears(created(), created_aside())
    book.writes("Hello?")
    book.sent()
    book.hears(done_aside())
    assert book.sent() == []
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_nobody_speaks_in_a_response_outside_the_conversation() -> None:
    book = Playbook()
    told = book.hears_all(created_aside(), item_of("resp_aside"), done_aside(usage=TOKENS))
    assert [type(each) for each in told] == [events.ResponseDone, UsageReported]
    assert book.core.history.items == []


def test_tokens_of_a_response_outside_the_conversation_count() -> None:
    book = Playbook()
    book.hears(created_aside(), done_aside(usage=TOKENS), created(), done(usage=TOKENS))
    assert book.core.usage == Usage(2, 14, 18)


def test_functions_called_outside_the_conversation_are_the_owners() -> None:
    book = Playbook()
    book.hears(created_aside(), function_call("look_up", response_id="resp_aside"))
    assert book.calls() == []
    assert book.sent() == []


def test_a_response_that_says_nothing_of_its_conversation_is_part_of_it() -> None:
    book = Playbook()
    told = book.hears_all(created(), item_of("resp_1"))
    assert any(isinstance(each, AgentStarted) for each in told)
    assert [item.item_id for item in book.core.history.items] == ["item_9"]


def test_a_response_is_cancelled_only_while_it_is_made_and_once() -> None:
    book = Playbook()
    cancel = client.ResponseCancel()
    book.core.send(cancel)
    assert book.sent() == []
    book.hears(created())
    book.core.send(cancel)
    book.core.send(cancel)
    assert book.sent_types() == ["response.cancel"]
    book.hears(done())
    book.core.send(cancel)
    assert book.sent() == []


def test_a_response_outside_the_conversation_is_cancelled_on_its_own() -> None:
    book = Playbook()
    book.hears(created(), created_aside())
    book.core.send(client.ResponseCancel(response_id="resp_aside"))
    book.interrupts([], cancel=True)
    assert book.sent() == [
        {"type": "response.cancel", "response_id": "resp_aside"},
        {"type": "response.cancel"},
    ]


def test_what_the_owner_changed_survives_a_handoff() -> None:
    book = Playbook(options=SessionOptions(PCMU, PCMU))
    detection = {"type": "semantic_vad"}
    changes = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
    book.core.send(client.SessionUpdate(session={**changes, "max_output_tokens": 99}))
    (sent,) = book.sent()
    assert sent["session"] == {**changes, "max_output_tokens": 99}
    book.hears(created(), function_call("transfer_to_billing"))
    session = book.sent()[0]["session"]
    assert session["audio"]["input"]["turn_detection"] == detection
    assert session["audio"]["input"]["format"] == PCMU
    assert session["audio"]["output"]["voice"] == "cedar"
    assert (session["max_output_tokens"], session["instructions"]) == (99, "Bill.")


def test_other_events_of_the_owners_go_as_they_are() -> None:
    book = Playbook()
    book.core.send(client.ConversationItemDelete(item_id="item_1", event_id="mine"))
    expected = {"type": "conversation.item.delete", "item_id": "item_1", "event_id": "mine"}
    assert book.sent() == [expected]


@pytest.mark.parametrize("role", ["user", "system"])
def test_a_message_may_say_where_it_stands(role: str) -> None:
    book = Playbook()
    item = {"type": "message", "role": role, "content": []}
    book.core.out.send_message(item, previous_item_id="root", must_respond=False)
    expected = {"type": "conversation.item.create", "item": item, "previous_item_id": "root"}
    assert book.sent() == [expected]


def test_audio_of_a_response_outside_the_conversation_is_told() -> None:
    book = Playbook()
    told = book.hears(created_aside(), audio(20, response_id="resp_aside", item_id="item_9"))
    assert [type(each) for each in told] == [events.AudioDelta]


def test_a_refused_request_of_the_owners_is_told_and_makes_room() -> None:
    book = Playbook()
    asks(book, {"instructions": "Bad."}, "mine")
    book.writes("Hello?")
    book.sent()
    (told,) = book.hears(error("invalid_value", event_id="mine"))
    assert isinstance(told, events.SessionErrorReported)
    assert book.sent_types() == ["response.create"]
