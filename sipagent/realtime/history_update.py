"""Change the endpoint's conversation into the one that is wanted.

There is no event that changes or moves an item, so it is deleted and created again under its id;
all deletions come first, then the creations in the order wanted, each after the item before it.
As few items as possible are moved. What an endpoint does not let a client create, its own speech
and its own tool calls, can be kept or removed only.

The history itself changes as the endpoint confirms (Realtime: conversation.item.create,
conversation.item.delete). Pure.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TypeAlias

from sipagent.wire import server
from sipagent.wire.client import ConversationItemCreate, ConversationItemDelete
from sipagent.wire.events import Json

from .history_items import (
    AssistantMessage,
    FunctionCall,
    HistoryItem,
    InputAudio,
    McpApprovalRequest,
    McpCall,
    OutputAudio,
)
from .item_json import from_wire, to_json

log = logging.getLogger(__name__)

ROOT = "root"
"""The anchor of an item that becomes the first."""

HistoryCommand: TypeAlias = ConversationItemDelete | ConversationItemCreate


class HistoryUpdateError(ValueError):
    """A history was wanted that no endpoint can be brought to.

    Args:
        item_id: Of the item in the way.
        message: Why, and what is possible.
    """

    def __init__(self, item_id: str, message: str) -> None:
        self.item_id = item_id
        super().__init__(f"item {item_id!r} {message}")


def update_commands(
    old: Sequence[HistoryItem], new: Sequence[HistoryItem | Json], *, first_number: int = 1
) -> list[HistoryCommand]:
    """Return what turns ``old`` into ``new``, in the order it must be sent.

    Args:
        old: As the endpoint has it.
        new: Items, or JSON as ``History.snapshot`` gives it.
        first_number: Of the first event's id; ids must not repeat within a session.

    Raises:
        HistoryUpdateError: If an item is needed that cannot be created; nothing is to be sent then.
    """
    known = {item.item_id: item for item in old}
    wanted = _wanted(new, known)
    kept = _kept(old, wanted)
    for item in wanted:
        if item.item_id not in kept and (reason := _why_not_created(item)) is not None:
            raise HistoryUpdateError(item.item_id, reason)
    commands: list[HistoryCommand] = []
    for item in old:
        if item.item_id not in kept:
            event_id = f"sipagent_delete_{first_number + len(commands)}"
            commands.append(ConversationItemDelete(item_id=item.item_id, event_id=event_id))
    last_kept = max((at for at, item in enumerate(wanted) if item.item_id in kept), default=-1)
    for at, item in enumerate(wanted):
        if item.item_id in kept:
            continue
        event_id = f"sipagent_create_{first_number + len(commands)}"
        wire = _to_wire(item)
        if at > last_kept:
            commands.append(ConversationItemCreate(item=wire, event_id=event_id))
            continue
        anchor = wanted[at - 1].item_id if at else ROOT
        commands.append(
            ConversationItemCreate(item=wire, previous_item_id=anchor, event_id=event_id)
        )
    return commands


class PendingUpdates:
    """Remember what was asked for and is not confirmed, so that it is not asked for twice."""

    def __init__(self) -> None:
        self._pending: list[HistoryCommand] = []
        self._count = 0

    def update(
        self, old: Sequence[HistoryItem], new: Sequence[HistoryItem | Json]
    ) -> list[HistoryCommand]:
        """Return what is still to be sent to make ``new`` of ``old``.

        Raises:
            HistoryUpdateError: As ``update_commands``.
        """
        commands = update_commands(self.expected(old), new, first_number=self._count + 1)
        self._count += len(commands)
        self._pending += commands
        return commands

    def expected(self, items: Sequence[HistoryItem]) -> list[HistoryItem]:
        """Return ``items`` as they will be when all that is pending is done."""
        expected = list(items)
        for command in self._pending:
            item_id = _item_id(command)
            expected = [item for item in expected if item.item_id != item_id]
            if isinstance(command, ConversationItemCreate):
                created = from_wire(command.item, store_audio=True)
                at = _index_after(command.previous_item_id, expected)
                expected[at:at] = [created] if created is not None else []
        return expected

    def received(self, event: server.ServerEvent) -> bool:
        """Retire the command that ``event`` answers; return whether there is one."""
        answered = next((each for each in self._pending if self._is_answered(each, event)), None)
        if answered is None:
            return False
        self._pending.remove(answered)
        return True

    def clear(self) -> None:
        """Forget everything: the connection that would have answered is gone."""
        self._pending.clear()

    def _is_answered(self, command: HistoryCommand, event: server.ServerEvent) -> bool:
        match command, event:
            case _, server.ErrorEvent():
                return event.error.event_id == command.event_id
            case ConversationItemDelete(), server.ConversationItemDeleted():
                return event.item_id == command.item_id
            case ConversationItemCreate(), (
                server.ConversationItemAdded() | server.ConversationItemDone()
            ):
                # While its deletion is pending, an item told of is still the old one.
                item_id = command.item["id"]
                first = next(each for each in self._pending if _item_id(each) == item_id)
                return bool(event.item.get("id") == item_id) and first is command
        return False


def _wanted(new: Sequence[HistoryItem | Json], known: dict[str, HistoryItem]) -> list[HistoryItem]:
    """Return the items wanted, less what is wanted of tool calls and cannot be had."""
    wanted: dict[str, HistoryItem] = {}
    for each in new:
        item = _from_json(each) if isinstance(each, dict) else each
        item_id = item.item_id
        if item_id in wanted:
            raise HistoryUpdateError(item_id, "is wanted twice")
        old = known.get(item_id)
        if isinstance(item, FunctionCall) and (old is None or not _is_same(item, old)):
            log.warning("! a tool call in a history cannot be added or changed: %s", item_id)
            if isinstance(old, FunctionCall):
                wanted[item_id] = old
        else:
            wanted[item_id] = item
    return list(wanted.values())


def _kept(old: Sequence[HistoryItem], wanted: Sequence[HistoryItem]) -> set[str]:
    """Return which items stay where they are: as many as keep their order, first of all those
    that cannot be created again.
    """
    place = {item.item_id: (at, item) for at, item in enumerate(old)}
    best: list[tuple[int, int, tuple[str, ...]]] = []
    for item in wanted:
        at, known = place.get(item.item_id, (-1, None))
        if known is None or not _is_same(known, item):
            continue
        worth = len(old) + 1 if _why_not_created(item) is not None else 1
        total, _, before = max((each for each in best if each[1] < at), default=(0, -1, ()))
        best.append((total + worth, at, (*before, item.item_id)))
    return set(max(best, default=(0, -1, ()))[2])


def _is_same(one: HistoryItem, other: HistoryItem) -> bool:
    """Compare what a client can set."""
    ours, theirs = to_json(one), to_json(other)
    return all(
        ours.get(key) == theirs.get(key)
        for key in (ours.keys() | theirs.keys()) - {"status", "previous_item_id"}
    )


def _why_not_created(item: HistoryItem) -> str | None:
    match item:
        case McpCall() | McpApprovalRequest() | FunctionCall():
            return "is the endpoint's own: it can be removed, not added, changed or moved"
        case AssistantMessage() if any(isinstance(part, OutputAudio) for part in item.content):
            return "has speech of the assistant, which cannot be created: give it as output_text"
        case _ if any(isinstance(part, InputAudio) and not part.audio for part in item.content):
            return "has audio that was not kept and cannot be created: give it as input_text"
        case _:
            return None if item.content else "has no content and cannot be created"


def _from_json(item: Json) -> HistoryItem:
    item_id, content = item.get("item_id"), item.get("content")
    read = from_wire({**item, "id": item_id}, store_audio=True)
    if read is None:
        raise HistoryUpdateError(str(item_id), "needs an item_id, a type and, a message, a role")
    if isinstance(content, list) and len(to_json(read).get("content", content)) != len(content):
        raise HistoryUpdateError(str(item_id), "has a part that its role cannot have")
    return read


def _to_wire(item: HistoryItem) -> Json:
    told = to_json(item)
    content = [
        {key: value for key, value in part.items() if value is not None} for part in told["content"]
    ]
    return {"id": item.item_id, "type": "message", "role": told["role"], "content": content}


def _item_id(command: HistoryCommand) -> str:
    if isinstance(command, ConversationItemDelete):
        return command.item_id
    return str(command.item["id"])


def _index_after(anchor: str | None, items: Sequence[HistoryItem]) -> int:
    if anchor == ROOT:
        return 0
    places = (at + 1 for at, item in enumerate(items) if item.item_id == anchor)
    return next(places, len(items))
