"""Requests for responses, and what later ones go on from."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.responses import desk as desk_module
from sipagent.engine.responses.conversations import UnknownConversationError
from sipagent.engine.responses.desk import Desk, Latest, UnknownResponseError

from .official import Json, check_response

NOW = 1_700_000_000


def respond(desk: Desk, text: Any, latest: Latest | None = None, **asked: Any) -> Json:
    """Return the response to a text, or to items."""
    body = {"model": "gpt-x", "input": text, **asked}
    *_, last = desk.begin(body, now=NOW, latest=latest).steps
    assert isinstance(last, dict)
    return check_response(last["response"])


def said(response: Json) -> str:
    return "".join(
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


def output_of(response: Json, output: str) -> list[Json]:
    """Return the outputs of a response's calls."""
    return [
        {"type": "function_call_output", "call_id": item["call_id"], "output": output}
        for item in response["output"]
        if item["type"] == "function_call"
    ]


def test_a_response_tells_what_it_was_asked_and_what_it_cost() -> None:
    response = respond(
        Desk(Scripts({})), "Hello there", instructions="Be brief.", metadata={"a": "b"}
    )
    assert said(response) == "echo Hello there"
    assert (response["model"], response["created_at"]) == ("gpt-x", NOW)
    assert (response["instructions"], response["metadata"]) == ("Be brief.", {"a": "b"})
    assert response["usage"]["input_tokens"] == len("Hello there") // 4
    assert response["usage"]["output_tokens"] == len("echo Hello there") // 4


def test_a_response_goes_on_from_another() -> None:
    desk = Desk(Scripts({}))
    first = respond(desk, "call:find {}")
    second = respond(desk, output_of(first, "found it"), previous_response_id=first["id"])
    assert said(second) == "found it"
    assert second["previous_response_id"] == first["id"]
    assert second["usage"]["input_tokens"] > len("found it") // 4


def test_all_that_came_before_is_gone_on_from() -> None:
    desk = Desk(Scripts({}))
    last = respond(desk, "x" * 400)
    for _ in range(3):
        last = respond(desk, "x", previous_response_id=last["id"])
        assert last["usage"]["input_tokens"] > 100


def test_a_response_may_be_gone_on_from_as_soon_as_its_end_is_told() -> None:
    desk, latest = Desk(Scripts({})), Latest()
    steps = desk.begin({"model": "gpt-x", "input": "x"}, now=NOW, latest=latest).steps
    events = (step for step in steps if isinstance(step, dict))
    end = next(event for event in events if event["type"] == "response.completed")["response"]
    assert desk.response(end["id"]) == end
    assert latest.find(end["id"])


def test_two_may_go_on_from_the_same() -> None:
    desk = Desk(Scripts({}))
    first = respond(desk, "call:find {}")
    for text in ("one", "two"):
        each = respond(desk, output_of(first, text), previous_response_id=first["id"])
        assert said(each) == text


def test_a_call_without_its_output_is_not_gone_on_from() -> None:
    desk = Desk(Scripts({}))
    first = respond(desk, "call:find {}")
    with pytest.raises(InvalidConfigError, match="No tool output found"):
        respond(desk, "never mind", previous_response_id=first["id"])


@pytest.mark.parametrize("store", [False, True])
def test_only_what_was_stored_is_found_again(store: bool) -> None:
    desk = Desk(Scripts({}))
    first = respond(desk, "Hello", store=store)
    if store:
        assert desk.response(first["id"]) == first
        assert respond(desk, "x", previous_response_id=first["id"])
        return
    with pytest.raises(UnknownResponseError):
        desk.response(first["id"])
    with pytest.raises(InvalidConfigError) as caught:
        respond(desk, "x", previous_response_id=first["id"])
    assert caught.value.param == "previous_response_id"
    assert caught.value.code == "previous_response_not_found"


def test_a_connection_goes_on_from_its_last_response_and_no_other() -> None:
    desk, latest = Desk(Scripts({})), Latest()
    first = respond(desk, "Hello", latest, store=False)
    second = respond(desk, "x", latest, store=False, previous_response_id=first["id"])
    with pytest.raises(InvalidConfigError):
        respond(desk, "x", latest, previous_response_id=first["id"])
    with pytest.raises(InvalidConfigError):
        respond(desk, "x", Latest(), previous_response_id=second["id"])
    assert respond(desk, "x", latest, previous_response_id=second["id"])


def test_what_was_only_prepared_is_gone_on_from() -> None:
    desk, latest = Desk(Scripts({})), Latest()
    prepared = respond(desk, "call:find {}", latest, generate=False)
    assert prepared["output"] == []
    first = respond(desk, [], latest, previous_response_id=prepared["id"])
    assert [each["name"] for each in first["output"]] == ["find"]


def test_a_response_that_is_forgotten_is_not_found() -> None:
    desk = Desk(Scripts({}))
    first = respond(desk, "Hello")
    desk.forget(first["id"])
    with pytest.raises(UnknownResponseError):
        desk.response(first["id"])
    with pytest.raises(UnknownResponseError):
        desk.forget(first["id"])


def test_a_conversation_remembers_what_was_said_in_it() -> None:
    desk = Desk(Scripts({}))
    conversation = desk.conversations.create({}, now=NOW)["id"]
    first = respond(desk, "call:find {}", conversation=conversation)
    assert first["conversation"] == {"id": conversation}
    second = respond(desk, output_of(first, "found it"), conversation=conversation)
    assert said(second) == "found it"
    kept = [each["type"] for each in desk.conversations.items(conversation)]
    assert kept == ["message", "function_call", "function_call_output", "message"]


def test_a_conversation_begins_with_what_it_was_given() -> None:
    desk = Desk(Scripts({}))
    items = [{"role": "user", "content": "say:Good day."}]
    conversation = desk.conversations.create({"items": items}, now=NOW)["id"]
    assert said(respond(desk, [], conversation=conversation)) == "Good day."


def test_nothing_is_said_in_a_conversation_nobody_has() -> None:
    desk = Desk(Scripts({}))
    with pytest.raises(UnknownConversationError):
        respond(desk, "x", conversation="conv_1")


def test_a_conversation_may_be_deleted_while_an_answer_is_written() -> None:
    desk = Desk(Scripts({}))
    conversation = desk.conversations.create({}, now=NOW)["id"]
    body = {"model": "gpt-x", "input": "x", "conversation": conversation}
    begun = desk.begin(body, now=NOW)
    desk.conversations.delete(conversation)
    *_, last = begun.steps
    assert isinstance(last, dict)
    assert last["type"] == "response.completed"
    with pytest.raises(UnknownConversationError):
        desk.conversations.told(conversation)


def test_old_responses_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_RESPONSES", 2)
    desk = Desk(Scripts({}))
    first, second, third = (respond(desk, "Hello") for _ in range(3))
    with pytest.raises(UnknownResponseError):
        desk.response(first["id"])
    assert desk.response(second["id"])
    assert desk.response(third["id"])


def test_nothing_is_kept_of_a_response_that_was_not_written_to_its_end() -> None:
    desk, latest = Desk(Scripts({})), Latest()
    steps = desk.begin({"model": "gpt-x", "input": "x"}, now=NOW, latest=latest).steps
    created = next(steps)
    assert isinstance(created, dict)
    with pytest.raises(UnknownResponseError):
        desk.response(created["response"]["id"])
    assert latest.stored is None
