"""Updates of the history against an endpoint that carries them out, at once or later."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.engine.items import Conversation, checked_item
from sipagent.realtime.history import History
from sipagent.realtime.history_items import (
    AssistantMessage,
    HistoryItem,
    InputText,
    OutputAudio,
    SystemMessage,
    UserMessage,
    part_text,
)
from sipagent.realtime.history_update import HistoryCommand, PendingUpdates, update_commands
from sipagent.realtime.item_json import to_json
from sipagent.wire import server
from sipagent.wire.client import ConversationItemCreate


def text(item_id: str, said: str) -> UserMessage:
    return UserMessage(item_id, (InputText(said),))


def conversation(items: list[HistoryItem]) -> Conversation:
    held = Conversation()
    for item in items:
        told = to_json(item)
        held.add({"id": item.item_id, **told, "call_id": "call_1"})
    return held


def apply(commands: list[HistoryCommand], held: Conversation) -> list[server.ServerEvent]:
    """Let an endpoint do what it is told; return what it says."""
    said: list[server.ServerEvent] = []
    for command in commands:
        if isinstance(command, ConversationItemCreate):
            item = checked_item(command.item, "nobody")
            previous = held.add(item, after=command.previous_item_id)
            copy = deepcopy(item)
            said.append(server.ConversationItemAdded(item=copy, previous_item_id=previous))
            said.append(server.ConversationItemDone(item=copy, previous_item_id=previous))
        else:
            held.delete(command.item_id)
            said.append(server.ConversationItemDeleted(item_id=command.item_id))
    return said


def said_by(items: list[HistoryItem]) -> list[tuple[str, str]]:
    return [
        (item.item_id, "".join(part_text(part) for part in item.content))
        for item in items
        if isinstance(item, SystemMessage | UserMessage | AssistantMessage)
    ]


def kept_by(held: Conversation) -> list[tuple[str, str]]:
    return [
        (
            item["id"],
            "".join(str(part.get("text") or part.get("transcript")) for part in item["content"]),
        )
        for item in held.items()
    ]


TEXT = st.builds(text, st.sampled_from("bcdefghi"), st.sampled_from(["x", "y"]))
FIXED = st.sampled_from([AssistantMessage(each, (OutputAudio(None, each),)) for each in "AB"])
ITEMS = st.lists(TEXT | FIXED, max_size=8, unique_by=lambda item: item.item_id)


def possible(old: list[HistoryItem], wanted: list[HistoryItem]) -> list[HistoryItem]:
    """Return what can be had of ``wanted``: speech that is there, in the order it was spoken."""
    spoken = iter([item for item in old if item in wanted and isinstance(item, AssistantMessage)])
    order = {item.item_id for item in old}
    return [
        next(spoken) if isinstance(item, AssistantMessage) else item
        for item in wanted
        if not isinstance(item, AssistantMessage) or item.item_id in order
    ]


@settings(max_examples=300)
@given(ITEMS, ITEMS)
def test_the_endpoint_has_what_was_wanted_in_the_order_wanted(
    old: list[HistoryItem], new: list[HistoryItem]
) -> None:
    wanted = possible(old, new)
    held = conversation(old)
    apply(update_commands(old, wanted), held)
    assert kept_by(held) == said_by(wanted)


@given(ITEMS, ITEMS)
def test_no_more_is_deleted_than_must_be(old: list[HistoryItem], new: list[HistoryItem]) -> None:
    wanted = [item for item in old if item in new]
    assert len(update_commands(old, wanted)) == len(old) - len(wanted)


@settings(max_examples=200)
@given(ITEMS, st.lists(ITEMS, min_size=1, max_size=3), st.lists(st.booleans(), max_size=12))
def test_updates_that_overtake_their_answers_end_in_the_last(
    old: list[HistoryItem], news: list[list[HistoryItem]], reads: list[bool]
) -> None:
    held, history, updates = conversation(old), History(), PendingUpdates()
    for item in old:
        told = to_json(item)
        history.taken({**told, "id": item.item_id})
    downward: list[server.ServerEvent] = []
    event_ids: list[str | None] = []

    def read() -> None:
        event = downward.pop(0)
        updates.received(event)
        if isinstance(event, server.ConversationItemDeleted):
            history.deleted(event.item_id)
        elif isinstance(event, server.ConversationItemAdded | server.ConversationItemDone):
            history.taken(event.item, event.previous_item_id)

    wanted = old
    for new in news:
        wanted = possible(wanted, new)
        commands = updates.update(history.items, wanted)
        event_ids += [command.event_id for command in commands]
        downward += apply(commands, held)
        while reads and reads.pop() and downward:
            read()
    assert said_by(updates.expected(history.items)) == said_by(wanted)
    while downward:
        read()
    assert said_by(history.items) == said_by(wanted) == kept_by(held)
    assert updates.expected(history.items) == history.items
    assert len({(each or "").rpartition("_")[2] for each in event_ids}) == len(event_ids)
