"""Which items the history has, and where: added, updated, truncated, deleted."""

from __future__ import annotations

from sipagent.realtime.history import History, HistoryChange
from sipagent.realtime.history_items import AssistantMessage, OutputAudio

from .items import NO_CHANGE, Wire, agent, call, ids, texts, typed, user, with_items


def test_a_new_item_is_added_and_a_known_one_is_not() -> None:
    history = History()
    first = history.taken(agent("a", None, status="in_progress"), None)
    assert first.added == AssistantMessage("a", (OutputAudio(),), "in_progress")
    assert first.is_changed
    again = history.taken(agent("a", "Good morning."), None)
    assert again == HistoryChange(None, is_changed=True)
    assert texts(history) == ["Good morning."]


def test_the_same_again_changes_nothing() -> None:
    history = with_items(user("u", "Hello?"))
    assert history.taken(user("u", "Hello?")) == NO_CHANGE


def test_an_item_stands_after_the_one_it_names() -> None:
    history = with_items(user("u1"), user("u2"))
    history.taken(agent("a1", "Hi."), "u1")
    assert ids(history) == ["u1", "a1", "u2"]


def test_an_item_after_null_stands_in_front() -> None:
    history = with_items(user("u1"))
    history.taken(typed("s", "First."), None)
    assert ids(history) == ["s", "u1"]


def test_an_item_that_names_none_or_an_unknown_one_stands_last() -> None:
    history = with_items(user("u1"), user("u2"))
    history.taken(user("u3"), "nobody")
    history.taken(user("u4"))
    assert ids(history) == ["u1", "u2", "u3", "u4"]


def test_a_known_item_stays_in_its_place() -> None:
    history = with_items(user("u1"), agent("a1"))
    history.taken(user("u1", "Hello?"), "a1")
    assert ids(history) == ["u1", "a1"]


def test_what_is_not_shown_keeps_its_place() -> None:
    history = with_items(call("f", "call_1"))
    output = {"id": "o", "type": "function_call_output", "call_id": "call_1", "output": "x"}
    assert history.taken(output, "f") == NO_CHANGE
    history.taken(user("u"), "o")
    history.taken(agent("a", "It is x."), "o")
    assert ids(history) == ["f", "a", "u"]


def test_an_item_tells_what_stood_before_it_even_when_it_is_updated_without() -> None:
    history = with_items(user("u"))
    history.taken(agent("a"), "u")
    history.taken(agent("a", "Hi."))
    assert history.items[1].previous_item_id == "u"


def test_a_known_transcript_of_the_agent_survives_a_copy_without() -> None:
    history = with_items(agent("a", "Good", "morning."))
    for worse in (agent("a", "", None), agent("a")):
        history.taken(worse)
        assert texts(history) == ["Good/morning."]


def test_a_newer_transcript_of_the_agent_replaces_the_known_one() -> None:
    history = with_items(agent("a", "Good", "morning."))
    history.taken(agent("a", "Good", ""))
    history.taken(agent("a", "", "evening."))
    assert texts(history) == ["Good/evening."]


def test_a_text_of_the_agent_that_is_gone_is_gone() -> None:
    wire = agent("a", "Hi.")
    wire["content"] = [{"type": "output_text", "text": ""}]
    history = with_items(agent("a", "Hi."))
    history.taken(wire)
    assert texts(history) == [""]


def test_a_transcript_of_an_answer_that_was_truncated_goes_when_it_is_retrieved() -> None:
    history = with_items(agent("a", "Good morning."))
    assert history.truncated("a") == NO_CHANGE
    assert texts(history) == ["Good morning."]
    assert history.retrieved(agent("a", None)).is_changed
    assert texts(history) == [""]


def test_an_answer_that_was_truncated_is_incomplete_whatever_is_said() -> None:
    history = with_items(agent("a", "Good morning."))
    history.truncated("a")
    history.retrieved(agent("a", "Good", status="completed"))
    assert history.items == [AssistantMessage("a", (OutputAudio(None, "Good"),), "incomplete")]


def test_a_late_copy_does_not_bring_a_truncated_transcript_back() -> None:
    history = with_items(agent("a", "Good morning."))
    history.truncated("a")
    history.retrieved(agent("a", ""))
    assert history.taken(agent("a", "Good morning.")) == NO_CHANGE
    assert texts(history) == [""]


def test_a_copy_between_truncation_and_retrieval_loses_nothing() -> None:
    history = with_items(agent("a", "Good morning."))
    history.truncated("a")
    history.taken(agent("a", "", status="incomplete"))
    assert texts(history) == ["Good morning."]


def test_what_was_retrieved_for_another_reason_keeps_a_known_transcript() -> None:
    history = with_items(agent("a", "Good morning."))
    history.retrieved(agent("a", None))
    assert texts(history) == ["Good morning."]


def test_a_truncation_is_forgotten_with_its_item() -> None:
    history = with_items(agent("a", "Good morning."))
    history.truncated("a")
    history.deleted("a")
    history.taken(agent("a", "Good evening."), None)
    history.retrieved(agent("a", ""))
    assert texts(history) == ["Good evening."]


def test_a_deleted_item_is_gone_with_all_that_comes_late() -> None:
    history = with_items(user("u"), agent("a", "Hi."))
    assert history.deleted("u") == HistoryChange(None, is_changed=True)
    assert history.deleted("u") == NO_CHANGE
    assert history.transcribed("u", "Hello?") == NO_CHANGE
    history.deleted("a")
    assert history.taken(agent("a", "Hi there.")) == NO_CHANGE
    assert history.retrieved(agent("a", "Hi there.")) == NO_CHANGE
    assert history.items == []


def test_an_item_may_be_created_again_under_its_id() -> None:
    history = with_items(user("u"), agent("a", "Hi."))
    history.deleted("u")
    assert history.taken(typed("u", "Hello?"), None).added is not None
    assert texts(history) == ["Hello?", "Hi."]
    assert history.taken(typed("u", "Hello!")).is_changed
    assert texts(history) == ["Hello!", "Hi."]


def test_garbage_changes_nothing() -> None:
    history = with_items(agent("a", "Hi."))
    garbage: list[Wire] = [
        {},
        {"id": None, "type": "message"},
        {"id": ["a"], "type": "message"},
        {"id": "", "type": "message", "role": "user"},
        {"id": "a", "type": "message", "role": "nobody"},
        {"id": "a", "type": {}},
        {"id": "tools", "type": "mcp_list_tools"},
    ]
    assert [history.taken(item, None) for item in garbage] == [NO_CHANGE] * len(garbage)
    assert texts(history) == ["Hi."]


def test_nothing_outside_can_change_the_history() -> None:
    history = with_items(user("u", "Hello?"))
    history.items.clear()
    history.snapshot()[0]["content"][0]["transcript"] = "Goodbye!"
    assert texts(history) == ["Hello?"]


def test_another_conversation_begins_empty() -> None:
    history = with_items(user("u1"), user("u2"))
    history.deleted("u1")
    history.truncated("u2")
    history.clear()
    assert history.items == []
    history.taken(agent("u1", "Hi."))
    history.retrieved(agent("u1", ""))
    assert texts(history) == ["Hi."]


def test_audio_is_kept_when_it_is_wanted() -> None:
    wire = user("u", "Hello?")
    wire["content"][0]["audio"] = "AAAA"
    history = History(store_audio=True)
    history.taken(user("u"))
    history.retrieved(wire)
    assert history.snapshot()[0]["content"][0]["audio"] == "AAAA"
