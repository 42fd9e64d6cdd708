"""Playbooks of a conversation: what is told of it, in which order, and how it is changed."""

from __future__ import annotations

from sipagent.realtime import events
from sipagent.realtime.connection_events import TransportEvent
from sipagent.realtime.conversation_events import AgentEnded, HistoryUpdated
from sipagent.realtime.history_items import AssistantMessage
from sipagent.realtime.options import SessionOptions

from .items import agent, texts, typed, user
from .items import ids as ids_of
from .playbook import PCMU, Playbook, Wire, audio, created, done, error, function_call

WHERE: Wire = {"response_id": "resp_1", "item_id": "a", "output_index": 0, "content_index": 0}
AUDIO_DONE: Wire = {"type": "response.output_audio.done", **WHERE}


def added(item: Wire, after: str | None = None) -> Wire:
    return {"type": "conversation.item.added", "previous_item_id": after, "item": item}


def item_done(item: Wire, after: str | None = None) -> Wire:
    return {"type": "conversation.item.done", "previous_item_id": after, "item": item}


def output_item(what: str, item: Wire) -> Wire:
    where = {"response_id": "resp_1", "output_index": 0}
    return {"type": f"response.output_item.{what}", **where, "item": item}


def names(told: list[events.SessionEvent]) -> list[str]:
    return [event.NAME for event in told]


def spoken(transcript: str | None, status: str = "completed") -> Wire:
    return agent("a", transcript, status=status)


def test_a_typed_turn_is_told_from_the_question_to_the_end_of_the_answer() -> None:
    book = Playbook()
    told = book.hears_all(
        added(typed("u", "Hello?")),
        item_done(typed("u", "Hello?")),
        created(),
        output_item("added", agent("a", status="in_progress")),
        added(agent("a", status="in_progress"), "u"),
        audio(20, item_id="a"),
        AUDIO_DONE,
        output_item("done", spoken("Hi.")),
        item_done(spoken("Hi."), "u"),
        done(output=[spoken("Hi.")]),
    )
    assert names(told) == [
        "history_added",
        "history_updated",
        "response_started",
        "agent_start",
        "history_added",
        "history_updated",
        "history_updated",  # where it stands
        "audio_start",
        "audio",
        "audio_stopped",
        "history_updated",
        "response_done",
        "usage",
        "agent_end",
    ]
    last = next(each for each in reversed(told) if isinstance(each, HistoryUpdated))
    assert ids_of(book.core.history) == ["u", "a"]
    assert [item.item_id for item in last.items] == ["u", "a"]


def test_what_was_told_of_the_history_does_not_change_later() -> None:
    book = Playbook()
    (update,) = [
        each for each in book.hears_all(added(typed("u", "Hi"))) if isinstance(each, HistoryUpdated)
    ]
    book.hears(added(typed("v", "Again"), "u"))
    assert [item.item_id for item in update.items] == ["u"]


def test_a_copy_that_says_nothing_new_is_not_told() -> None:
    book = Playbook()
    book.hears(added(typed("u", "Hello?")))
    assert book.hears_all(item_done(typed("u", "Hello?"))) == []


def test_the_callers_words_are_in_the_history_when_they_are_told() -> None:
    book = Playbook()
    book.hears(added(user("u")))
    where = {"item_id": "u", "content_index": 0}
    name = "conversation.item.input_audio_transcription.completed"
    told = book.hears_all({"type": name, **where, "transcript": " Hello? ", "usage": {}})
    assert names(told) == ["history_updated", "user_transcript"]
    assert texts(book.core.history) == ["Hello?"]
    assert book.sent() == []


def test_audio_that_is_kept_is_asked_for_once_it_is_transcribed() -> None:
    book = Playbook(options=SessionOptions(PCMU, PCMU, history_store_audio=True))
    book.hears(added(user("u")))
    where = {"item_id": "u", "content_index": 0}
    name = "conversation.item.input_audio_transcription.completed"
    book.hears({"type": name, **where, "transcript": "Hello?", "usage": {}})
    assert book.sent() == [{"type": "conversation.item.retrieve", "item_id": "u"}]


def test_an_answer_that_was_cut_is_asked_for_and_loses_its_words() -> None:
    book = Playbook()
    book.hears(added(spoken("Hi, how are you?")))
    cut = {"type": "conversation.item.truncated", "item_id": "a", "content_index": 0}
    book.hears({**cut, "audio_end_ms": 60})
    assert book.sent() == [{"type": "conversation.item.retrieve", "item_id": "a"}]
    told = book.hears_all({"type": "conversation.item.retrieved", "item": spoken(None)})
    assert names(told) == ["history_updated"]
    (item,) = book.core.history.items
    assert isinstance(item, AssistantMessage)
    assert item.status == "incomplete"
    assert texts(book.core.history) == [""]


def test_an_item_that_was_deleted_is_told_by_what_is_left() -> None:
    book = Playbook()
    book.hears(added(typed("u", "Hello?")), added(typed("v", "Bye."), "u"))
    (told,) = book.hears_all({"type": "conversation.item.deleted", "item_id": "u"})
    assert isinstance(told, HistoryUpdated)
    assert [item.item_id for item in told.items] == ["v"]


def test_an_answer_ends_with_its_last_text_and_who_began_it() -> None:
    book = Playbook()
    told = book.hears_all(
        created(),
        function_call("transfer_to_billing"),
        done(output=[spoken("One moment.", "completed"), {"type": "function_call"}]),
    )
    (ended,) = [each for each in told if isinstance(each, AgentEnded)]
    assert (ended.agent.name, ended.output) == ("Reception", "One moment.")


def test_an_answer_without_words_ends_with_none() -> None:
    told = Playbook().hears_all(created(), done())
    (ended,) = [each for each in told if isinstance(each, AgentEnded)]
    assert ended.output == ""


def test_a_changed_history_is_asked_for_and_waits_for_its_confirmation() -> None:
    book = Playbook()
    book.hears(added(typed("u", "Hello?")))
    book.core.update_history([{**typed("u", "Good day."), "item_id": "u"}])
    delete, create = book.sent()
    assert (delete["type"], delete["item_id"]) == ("conversation.item.delete", "u")
    assert (create["type"], create["item"]["id"]) == ("conversation.item.create", "u")
    assert texts(book.core.history) == ["Hello?"]
    book.hears(
        {"type": "conversation.item.deleted", "item_id": "u"}, added(typed("u", "Good day."))
    )
    assert texts(book.core.history) == ["Good day."]


def test_what_is_on_its_way_is_not_asked_for_again_unless_it_was_refused() -> None:
    book = Playbook()
    book.hears(added(typed("u", "Hello?")))
    book.core.update_history([])
    (delete,) = book.sent()
    book.core.update_history([])
    assert book.sent() == []
    (told,) = book.hears(error("item_delete_invalid", event_id=delete["event_id"]))
    assert isinstance(told, events.SessionErrorReported)
    book.core.update_history([])
    (again,) = book.sent()
    assert again["item_id"] == "u"
    assert again["event_id"] != delete["event_id"]


def test_events_of_the_endpoint_are_told_before_what_follows_from_them() -> None:
    book = Playbook(options=SessionOptions(PCMU, PCMU, transport_events=True))
    told = book.hears_all(created(), {"type": "response.dance", "steps": 3}, audio(1))
    assert names(told) == [
        "transport_event",
        "response_started",
        "agent_start",
        "transport_event",
        "transport_event",
        "audio_start",
        "audio",
    ]
    (dance,) = [
        each.raw
        for each in told
        if isinstance(each, TransportEvent) and each.raw["type"] == "response.dance"
    ]
    assert dance == {"type": "response.dance", "steps": 3}
