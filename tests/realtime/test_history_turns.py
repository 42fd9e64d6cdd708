"""What comes after an item: the caller's transcript, a tool's output, an approval."""

from __future__ import annotations

from sipagent.realtime.history import History, HistoryChange
from sipagent.realtime.history_items import FunctionCall, McpApprovalRequest

from .items import NO_CHANGE, Wire, agent, approval, call, ids, texts, user, with_items


def test_a_late_transcript_of_the_caller_is_filled_in_where_the_turn_stands() -> None:
    history = with_items(user("u", status="in_progress"), agent("a", "Hi."))
    assert history.transcribed("u", "Hello?") == HistoryChange(None, is_changed=True)
    assert texts(history) == ["Hello?", "Hi."]
    assert history.snapshot()[0]["status"] == "completed"


def test_a_transcript_fills_all_parts_that_are_audio() -> None:
    wire = user("u")
    wire["content"] = [{"type": "input_audio"}, {"type": "input_text", "text": "x"}] * 2
    history = with_items(wire)
    history.transcribed("u", "Hello?")
    assert texts(history) == ["Hello?/x/Hello?/x"]


def test_a_transcript_fills_an_item_whose_content_has_not_come() -> None:
    wire = user("u")
    wire["content"] = []
    history = with_items(wire)
    history.transcribed("u", "Hello?")
    assert texts(history) == ["Hello?"]


def test_a_known_transcript_of_the_caller_survives_a_copy_without() -> None:
    history = with_items(user("u"))
    history.transcribed("u", "Hello?")
    history.taken(user("u", None), None)
    assert texts(history) == ["Hello?"]
    history.retrieved(user("u", "Hello!"))
    assert texts(history) == ["Hello!"]


def test_a_transcript_without_an_item_is_a_turn_at_the_end() -> None:
    history = with_items(user("u1"), agent("a1"))
    change = history.transcribed("u2", "And now?")
    assert change.added == history.items[2]
    assert change.is_changed
    assert texts(history)[2] == "And now?"


def test_a_transcript_without_an_item_stands_where_it_was_committed() -> None:
    history = with_items(user("u1"), agent("a1"))
    history.committed("u2", "u1")
    assert ids(history) == ["u1", "a1"]
    history.transcribed("u2", "And now?")
    assert ids(history) == ["u1", "u2", "a1"]


def test_a_transcript_that_came_first_is_in_the_item_when_it_comes_and_moves_with_it() -> None:
    history = with_items(user("u1"), agent("a1"))
    history.transcribed("u2", "And now?")
    change = history.taken(user("u2"), "u1")
    assert change == HistoryChange(None, is_changed=True)
    assert ids(history) == ["u1", "u2", "a1"]
    assert texts(history)[1] == "And now?"


def test_a_turn_that_was_committed_moves_where_its_item_says_and_then_stays() -> None:
    history = with_items(user("u1"), agent("a1"))
    history.committed("u2", None)
    history.taken(user("u2"), "u1")
    history.taken(user("u2"), "a1")
    history.committed("u2", None)
    history.taken(user("u2"), "a1")
    assert ids(history) == ["u1", "u2", "a1"]


def test_a_turn_created_again_under_its_id_is_no_guess_any_more() -> None:
    history = with_items(user("u1"), agent("a1"))
    history.committed("u2", "a1")
    history.deleted("u2")
    history.taken(user("u2"), "u1")
    history.taken(user("u2"), "a1")
    assert ids(history) == ["u1", "u2", "a1"]


def test_a_turn_without_a_transcript_is_completed_all_the_same() -> None:
    history = with_items(user("u", status="in_progress"))
    assert history.transcription_failed("u").is_changed
    assert history.snapshot()[0]["status"] == "completed"
    assert history.transcription_failed("nobody") == NO_CHANGE


def test_only_the_caller_is_transcribed() -> None:
    history = with_items(agent("a", "Hi."), call("f", "call_1", "in_progress"))
    for item_id in ("a", "f"):
        assert history.transcribed(item_id, "Hello?") == NO_CHANGE
        assert history.transcription_failed(item_id) == NO_CHANGE


def test_a_function_call_is_shown_once_it_is_completed_where_it_began() -> None:
    history = History()
    assert history.taken(call("f", "call_1", "in_progress"), None) == NO_CHANGE
    history.taken(user("u"), "f")
    change = history.taken(call("f", "call_1"))
    assert change.added == FunctionCall("f", "call_1", "look_up", "{}")
    assert ids(history) == ["f", "u"]


def test_an_output_completes_its_call_and_survives_a_late_copy() -> None:
    history = with_items(call("f1", "call_1"), call("f2", "call_2"))
    assert history.function_output("call_2", "sent") == HistoryChange(None, is_changed=True)
    assert history.taken(call("f2", "call_2")) == NO_CHANGE
    assert [shown["output"] for shown in history.snapshot()] == [None, "sent"]
    assert [shown["status"] for shown in history.snapshot()] == ["in_progress", "completed"]
    assert history.function_output("call_3", "sent") == NO_CHANGE


def test_a_request_of_an_mcp_tool_is_answered_by_the_item_that_answers_it() -> None:
    history = with_items(approval("r"))
    answer = {"id": "x", "type": "mcp_approval_response", "approve": False}
    assert history.taken({**answer, "approval_request_id": "r"}, "r").is_changed
    history.taken(approval("r"))
    assert history.items == [
        McpApprovalRequest("r", "shop", "buy", '{"what":"tea"}', approved=False)
    ]


def test_an_answer_to_nothing_changes_nothing() -> None:
    history = with_items(approval("r"), user("u"))
    answer: Wire = {"id": "x", "type": "mcp_approval_response", "approve": True}
    for wrong in ("u", "nobody", None, ["r"]):
        assert history.taken({**answer, "approval_request_id": wrong}) == NO_CHANGE
    assert history.taken({**answer, "approve": 1, "approval_request_id": "r"}) == NO_CHANGE
