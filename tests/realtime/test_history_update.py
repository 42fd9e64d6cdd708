"""Which commands make one history of another."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.realtime.history_items import (
    AssistantMessage,
    FunctionCall,
    HistoryItem,
    InputAudio,
    InputText,
    McpCall,
    OutputAudio,
    OutputText,
    SystemMessage,
    UserMessage,
)
from sipagent.realtime.history_update import (
    HistoryCommand,
    HistoryUpdateError,
    PendingUpdates,
    update_commands,
)
from sipagent.realtime.item_json import to_json
from sipagent.wire import server
from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.codec import encode

Wire = dict[str, Any]

FIRST = UserMessage("u1", (InputText("one"),))
SECOND = UserMessage("u2", (InputText("two"),))
THIRD = UserMessage("u3", (InputText("three"),))
SPEECH = AssistantMessage("a1", (OutputAudio(None, "Hi."),))
CALL = FunctionCall("f1", "call_1", "look_up", "{}", "sent")
HEARD = UserMessage("u4", (InputAudio(None, "Hello?"),))


def text(item_id: str, said: str) -> UserMessage:
    return UserMessage(item_id, (InputText(said),))


def wire(command: HistoryCommand) -> Wire:
    return {"type": command.TYPE, **command.model_dump(exclude_unset=True)}


def outline(commands: list[HistoryCommand]) -> list[tuple[str, ...]]:
    """Return of each command what, which item, and where to if that is told."""
    told = []
    for command in map(wire, commands):
        what = command["type"].removeprefix("conversation.item.")
        item_id = command.get("item_id") or command["item"]["id"]
        anchor = (command["previous_item_id"],) if "previous_item_id" in command else ()
        told.append((what, item_id, *anchor))
    return told


def test_nothing_is_sent_when_nothing_changes() -> None:
    items: list[HistoryItem] = [FIRST, SPEECH, CALL, HEARD]
    assert update_commands(items, items) == []
    assert update_commands(items, [to_json(item) for item in items]) == []


def test_a_status_nobody_can_set_is_no_change() -> None:
    old = AssistantMessage("a1", (OutputAudio(None, "Hi."),), "in_progress", "u1")
    assert update_commands([old], [SPEECH]) == []


def test_an_item_that_is_not_wanted_is_deleted() -> None:
    commands = update_commands([FIRST, SPEECH, CALL], [FIRST])
    assert [wire(command) for command in commands] == [
        {
            "type": "conversation.item.delete",
            "item_id": "a1",
            "event_id": "sipagent_delete_1",
        },
        {
            "type": "conversation.item.delete",
            "item_id": "f1",
            "event_id": "sipagent_delete_2",
        },
    ]


def test_an_item_at_the_end_is_created_without_an_anchor() -> None:
    (command,) = update_commands([FIRST], [FIRST, SECOND], first_number=7)
    content = [{"type": "input_text", "text": "two"}]
    assert wire(command) == {
        "type": "conversation.item.create",
        "item": {"id": "u2", "type": "message", "role": "user", "content": content},
        "event_id": "sipagent_create_7",
    }
    assert '"previous_item_id"' not in encode(command)


def test_no_item_at_the_end_has_an_anchor() -> None:
    """What the endpoint has and does not show, as a tool's output, stays in front of them."""
    assert outline(update_commands([FIRST], [FIRST, SECOND, THIRD])) == [
        ("create", "u2"),
        ("create", "u3"),
    ]
    assert outline(update_commands([], [FIRST, SECOND])) == [("create", "u1"), ("create", "u2")]


def test_items_in_front_are_anchored_to_the_root_and_to_each_other() -> None:
    commands = update_commands([THIRD], [FIRST, SECOND, THIRD])
    assert outline(commands) == [("create", "u1", "root"), ("create", "u2", "u1")]


def test_a_changed_item_is_created_again_where_it_was() -> None:
    commands = update_commands([FIRST, SECOND, THIRD], [FIRST, text("u2", "zwei"), THIRD])
    assert outline(commands) == [("delete", "u2"), ("create", "u2", "u1")]
    assert [command.event_id for command in commands] == [
        "sipagent_delete_1",
        "sipagent_create_2",
    ]


def test_a_moved_item_is_created_again_and_the_others_stay() -> None:
    commands = update_commands([FIRST, SECOND, THIRD], [SECOND, THIRD, FIRST])
    assert outline(commands) == [("delete", "u1"), ("create", "u1")]


def test_what_cannot_be_created_is_what_stays_when_things_move() -> None:
    commands = update_commands([FIRST, SECOND, SPEECH], [SPEECH, FIRST, SECOND])
    assert [told[:2] for told in outline(commands)] == [
        ("delete", "u1"),
        ("delete", "u2"),
        ("create", "u1"),
        ("create", "u2"),
    ]


def test_json_is_read_as_items_are() -> None:
    new: list[HistoryItem | Wire] = [
        {
            "item_id": "s1",
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be kind."}],
        },
        {
            "item_id": "a2",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hi."}],
        },
    ]
    assert update_commands([], new) == update_commands(
        [],
        [
            SystemMessage("s1", (InputText("Be kind."),)),
            AssistantMessage("a2", (OutputText("Hi."),)),
        ],
    )


def test_a_picture_and_audio_that_was_kept_are_created() -> None:
    parts = [{"type": "input_image", "image_url": "data:", "detail": "auto"}]
    parts.append({"type": "input_audio", "audio": "AAAA"})
    item = {"item_id": "u1", "type": "message", "role": "user", "content": parts}
    (command,) = update_commands([], [item])
    assert isinstance(command, ConversationItemCreate)
    assert command.item["content"] == parts


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ([], [SPEECH], "output_text"),
        ([SPEECH], [AssistantMessage("a1", (OutputAudio(None, "Ho."),))], "output_text"),
        ([SPEECH, HEARD], [HEARD, SPEECH], "cannot be created"),
        ([], [HEARD], "input_text"),
        ([], [McpCall("m1", "weather", "{}")], "endpoint's own"),
        ([McpCall("m1", "weather", "{}")], [McpCall("m1", "weather", "[]")], "endpoint's own"),
        ([CALL, SPEECH], [SPEECH, CALL], "moved|cannot be created"),
        ([], [UserMessage("u1", ())], "no content"),
        ([], [FIRST, FIRST], "twice"),
        ([], [{"type": "message", "role": "user", "content": []}], "item_id"),
        ([], [{"item_id": "u1", "type": "message", "role": "me", "content": []}], "role"),
        (
            [],
            [
                {
                    "item_id": "s1",
                    "type": "message",
                    "role": "system",
                    "content": [
                        {"type": "input_text", "text": "x"},
                        {"type": "output_text", "text": "y"},
                    ],
                }
            ],
            "part",
        ),
    ],
)
def test_what_no_endpoint_can_do_is_refused(
    old: list[HistoryItem], new: list[HistoryItem | Wire], what: str
) -> None:
    with pytest.raises(HistoryUpdateError, match=what):
        update_commands(old, new)


def test_a_tool_call_is_neither_added_nor_changed_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = FunctionCall("f1", "call_1", "look_up", "{}", "lost")
    added = FunctionCall("f2", "call_2", "look_up", "{}")
    commands = update_commands([CALL, THIRD], [changed, added, FIRST, THIRD])
    assert outline(commands) == [("create", "u1", "f1")]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def added(item_id: str) -> server.ConversationItemAdded:
    return server.ConversationItemAdded(item={"id": item_id}, previous_item_id=None)


def refused(event_id: str | None) -> server.ErrorEvent:
    return server.ErrorEvent(error=server.ErrorDetail(message="No.", event_id=event_id))


def test_what_was_asked_for_is_not_asked_for_again() -> None:
    updates = PendingUpdates()
    assert len(updates.update([FIRST], [SECOND])) == 2
    assert updates.update([FIRST], [SECOND]) == []


def test_what_was_refused_is_asked_for_again() -> None:
    updates = PendingUpdates()
    updates.update([FIRST], [FIRST, SECOND])
    assert updates.received(refused("sipagent_create_1"))
    assert not updates.received(refused("sipagent_create_1"))
    assert outline(updates.update([FIRST], [FIRST, SECOND])) == [("create", "u2")]


@pytest.mark.parametrize(
    "event",
    [
        refused(None),
        refused("sipagent_create_2"),
        added("u3"),
        server.ConversationItemAdded(item={"id": ["u2"]}),
        server.ConversationItemDeleted(item_id="u2"),
        server.SessionUpdated(session={}),
    ],
)
def test_an_event_about_something_else_retires_nothing(event: server.ServerEvent) -> None:
    updates = PendingUpdates()
    updates.update([FIRST], [FIRST, SECOND])
    assert not updates.received(event)
    assert updates.expected([FIRST]) == [FIRST, SECOND]


def test_a_late_word_of_the_old_item_does_not_confirm_the_new_one() -> None:
    updates = PendingUpdates()
    updates.update([FIRST], [text("u1", "eins")])
    assert not updates.received(added("u1"))
    assert updates.received(server.ConversationItemDeleted(item_id="u1"))
    assert updates.received(added("u1"))


def test_nothing_is_expected_of_a_connection_that_is_gone() -> None:
    updates = PendingUpdates()
    updates.update([], [FIRST])
    updates.clear()
    assert updates.expected([]) == []
