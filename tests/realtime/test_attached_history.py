"""Playbooks of a phone call that goes on: with another agent, over another connection, known."""

from __future__ import annotations

import pytest

from sipagent.realtime import events
from sipagent.realtime.conversation_events import HistoryUpdated

from .attached import ATTACHED, attached, buffer, handed_over, successor, talking, words
from .playbook import Playbook, Wire, created

# Another agent, and another connection.


def test_another_agent_brings_no_format() -> None:
    session = handed_over(talking())
    assert session["instructions"] == "Bill."
    assert set(session["audio"]["output"]) <= {"voice", "speed"}
    assert "format" not in session["audio"]["input"]


@pytest.mark.parametrize("heard_of", [words("Good "), buffer("started")])
def test_a_voice_that_was_heard_is_not_changed(heard_of: Wire) -> None:
    book = attached()
    book.hears(ATTACHED, created(), heard_of)
    assert "voice" not in handed_over(book)["audio"]["output"]


def test_a_voice_that_nobody_has_heard_may_change() -> None:
    book = attached()
    book.hears(ATTACHED, created())
    assert handed_over(book)["audio"]["output"]["voice"] == "cedar"


def test_who_goes_on_with_a_conversation_knows_that_the_voice_was_heard() -> None:
    said = {"item_id": "a1", "type": "message", "role": "assistant", "content": []}
    book = attached(history=[said])
    book.hears(ATTACHED, created())
    assert "voice" not in handed_over(book)["audio"]["output"]


def test_a_connection_after_another_sends_nothing_that_is_known_to_be_there() -> None:
    book = talking()
    handed_over(book)
    book.hears({"type": "session.updated", "session": {}})
    core = successor(book)
    assert core.out.take_messages() == []
    core.receive('{"type":"session.created","session":{}}', now=1.0)
    assert core.is_configured


def test_an_agent_who_may_not_have_come_through_is_sent_again() -> None:
    book = talking()
    handed_over(book)
    core = successor(book)
    (update,) = core.out.take_messages()
    assert '"instructions":"Bill."' in update
    assert '"voice"' not in update
    core.receive('{"type":"session.created","session":{}}', now=1.0)
    assert core.is_configured


def test_history_goes_on_over_another_connection() -> None:
    book = attached()
    item = {"id": "u1", "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
    book.hears(ATTACHED, {"type": "conversation.item.added", "item": item})
    core = successor(book)
    assert [each.item_id for each in core.history.items] == ["u1"]


# A conversation that goes on.

USER: Wire = {
    "item_id": "u1",
    "type": "message",
    "role": "user",
    "content": [{"type": "input_audio", "transcript": None}],
}
AGENT: Wire = {
    "item_id": "a1",
    "type": "message",
    "role": "assistant",
    "previous_item_id": "u1",
    "content": [{"type": "output_audio", "transcript": "Good day."}],
}


def resumed() -> Playbook:
    """Return a session that goes on with a conversation."""
    book = attached(history=[USER, AGENT])
    book.hears(ATTACHED)
    return book


def test_what_is_known_is_there_from_the_start_and_told_to_nobody() -> None:
    book = attached(history=[USER, AGENT, USER, {"type": "nonsense"}])
    assert [each.item_id for each in book.core.history.items] == ["u1", "a1"]
    assert book.hears_all(ATTACHED) == [events.SessionConfigured(1.0)]


def test_it_is_kept_as_it_was_given() -> None:
    call = {
        "item_id": "f1",
        "type": "function_call",
        "call_id": "call_1",
        "status": "in_progress",
        "name": "look_up",
        "arguments": "{}",
        "output": None,
    }
    user = {**USER, "status": "completed"}
    user["content"] = [{"type": "input_audio", "audio": None, "transcript": "Hello?"}]
    assert attached(history=[call, user]).core.history.snapshot() == [call, user]


def test_a_late_transcript_of_it_is_filled_in() -> None:
    name = "conversation.item.input_audio_transcription.completed"
    late = {"type": name, "item_id": "u1", "content_index": 0, "transcript": "Hello?"}
    book = resumed()
    updated = book.hears_all({**late, "usage": {"type": "duration", "seconds": 1}})[0]
    assert isinstance(updated, HistoryUpdated)
    assert book.core.history.snapshot()[0]["content"][0]["transcript"] == "Hello?"


def test_what_is_deleted_of_it_is_gone() -> None:
    book = resumed()
    book.hears({"type": "conversation.item.deleted", "item_id": "u1"})
    assert [each.item_id for each in book.core.history.items] == ["a1"]


def test_a_new_item_stands_after_the_one_that_was_known() -> None:
    book = resumed()
    item = {"id": "u2", "type": "message", "role": "user", "content": []}
    book.hears({"type": "conversation.item.added", "item": item, "previous_item_id": "u1"})
    assert [each.item_id for each in book.core.history.items] == ["u1", "u2", "a1"]


@pytest.mark.parametrize("item_id", ["a1", "of nobody"])
def test_what_the_endpoint_has_cut_is_asked_for_and_hurts_nobody(item_id: str) -> None:
    book = resumed()
    cut = {"type": "conversation.item.truncated", "item_id": item_id, "content_index": 0}
    (told,) = book.hears({**cut, "audio_end_ms": 700})
    assert told == events.ItemTruncated(item_id, 700, 2.0)
    assert book.sent() == [{"type": "conversation.item.retrieve", "item_id": item_id}]
    content = [{"type": "output_audio", "transcript": ""}]
    item = {"id": item_id, "type": "message", "role": "assistant", "content": content}
    item["status"] = "incomplete"
    book.hears({"type": "conversation.item.retrieved", "item": item})
    known = {each["item_id"]: each for each in book.core.history.snapshot()}
    assert known[item_id]["content"][0]["transcript"] == ""
    assert known[item_id]["status"] == "incomplete"
