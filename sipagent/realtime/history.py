"""The session's copy of the conversation: what the endpoint confirmed, in the endpoint's order.

Local state never leads the endpoint's. Two things are known here first and are applied at once:
the caller's transcript, since it is the endpoint's own word, and a tool's output, since nobody
else has it.

- An item known by its id is replaced in place; a new one stands after ``previous_item_id``, in
  front when that is null, last when it is missing or unknown.
- Items that are not shown, as a tool's output or a list of tools, keep their place: others are
  anchored to them.
- A transcript already known survives a copy of the item that has none, unless the item was
  truncated: then only what is retrieved afterwards counts (Realtime: conversation.item.truncate).
- A transcript may come long after the answer to it, and before its own item too.

No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Literal, TypeAlias

from sipagent.wire.events import Json

from .history_items import (
    AssistantMessage,
    AssistantPart,
    FunctionCall,
    HistoryItem,
    InputAudio,
    McpApprovalRequest,
    OutputAudio,
    UserMessage,
)
from .item_json import from_wire, to_json


class NotGiven(Enum):
    """A field that was not in the message, which is something else than null."""

    TOKEN = auto()


NOT_GIVEN: Final = NotGiven.TOKEN
Anchor: TypeAlias = str | Literal[NotGiven.TOKEN] | None


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """What an event did to the history."""

    added: HistoryItem | None = None
    """The item, if it is new."""
    is_changed: bool = False


class _Truncation(Enum):
    """How far the cutting of an answer has come."""

    CONFIRMED = auto()
    RETRIEVED = auto()


class History:
    """Keep items in order.

    Args:
        store_audio: Whether audio is kept where the endpoint gives it; it is large.
    """

    def __init__(self, store_audio: bool = False) -> None:
        self._store_audio = store_audio
        self.clear()

    def clear(self) -> None:
        """Forget everything: another conversation begins."""
        self._items: dict[str, HistoryItem] = {}
        self._order: list[str] = []
        self._guessed: set[str] = set()
        self._truncated: dict[str, _Truncation] = {}
        self._deleted: set[str] = set()

    def restore(self, items: Sequence[Json]) -> None:
        """Begin with items as ``snapshot`` or the endpoint gives them, in this order.

        What is no item is left out.
        """
        self.clear()
        for told in items:
            item_id = told.get("item_id") or told.get("id")
            item = from_wire({**told, "id": item_id}, store_audio=self._store_audio)
            if item is not None and item.item_id not in self._items:
                previous = told.get("previous_item_id")
                previous = previous if isinstance(previous, str) else None
                self._items[item.item_id] = replace(item, previous_item_id=previous)
                self._order.append(item.item_id)

    @property
    def items(self) -> list[HistoryItem]:
        """The items that are shown, in order; a list of the caller's own."""
        return [self._items[item_id] for item_id in self._order if item_id in self._items]

    @property
    def unanswered(self) -> list[str]:
        """The ids of the function calls that have no output."""
        calls = [item for item in self.items if isinstance(item, FunctionCall)]
        return [call.call_id for call in calls if call.output is None and call.call_id]

    def snapshot(self) -> list[Json]:
        """Return the items as JSON; nothing is shared."""
        return [to_json(item) for item in self.items]

    def committed(self, item_id: str, previous_item_id: Anchor = NOT_GIVEN) -> None:
        """Note where the caller's turn will stand, whose item comes later or never."""
        if item_id not in self._order:
            self._place(item_id, previous_item_id)
            self._guessed.add(item_id)

    def taken(self, item: Json, previous_item_id: Anchor = NOT_GIVEN) -> HistoryChange:
        """Take an item that was added or is done, of any type.

        Args:
            item: Of ``conversation.item.*`` or ``response.output_item.*``. A function call is
                shown once it is completed.
            previous_item_id: As in the message.
        """
        return self._upsert(item, previous_item_id, was_retrieved=False)

    def retrieved(self, item: Json) -> HistoryChange:
        """Take an item that was asked for."""
        return self._upsert(item, NOT_GIVEN, was_retrieved=True)

    def transcribed(self, item_id: str, transcript: str) -> HistoryChange:
        """Note what the caller said.

        A turn whose item has not come stands where it was committed, or last, until its item
        says where it belongs.
        """
        before = self.items
        if item_id not in self._order and item_id not in self._deleted:
            self._place(item_id, NOT_GIVEN)
            self._guessed.add(item_id)
        known = self._items.get(item_id)
        if known is None and item_id in self._guessed:
            known = UserMessage(item_id, ())
        if isinstance(known, UserMessage):
            content = known.content or (InputAudio(),)
            heard = tuple(
                replace(part, transcript=transcript) if isinstance(part, InputAudio) else part
                for part in content
            )
            self._items[item_id] = replace(known, content=heard, status="completed")
        return self._change(before, item_id)

    def transcription_failed(self, item_id: str) -> HistoryChange:
        """Note that nobody will know what the caller said; the turn stays."""
        before = self.items
        known = self._items.get(item_id)
        if isinstance(known, UserMessage):
            self._items[item_id] = replace(known, status="completed")
        return self._change(before, item_id)

    def function_output(self, call_id: str, output: str) -> HistoryChange:
        """Note what a tool said, which was sent to the endpoint."""
        before = self.items
        for item in before:
            if isinstance(item, FunctionCall) and item.call_id == call_id:
                self._items[item.item_id] = replace(item, output=output)
        return HistoryChange(is_changed=self.items != before)

    def truncated(self, item_id: str) -> HistoryChange:
        """Note that an answer was cut; its text changes once the item is retrieved."""
        self._truncated[item_id] = _Truncation.CONFIRMED
        return HistoryChange()

    def deleted(self, item_id: str) -> HistoryChange:
        """Remove an item."""
        before = self.items
        self._deleted.add(item_id)
        self._items.pop(item_id, None)
        self._truncated.pop(item_id, None)
        self._guessed.discard(item_id)
        if item_id in self._order:
            self._order.remove(item_id)
        return self._change(before, item_id)

    def _upsert(self, item: Json, previous: Anchor, *, was_retrieved: bool) -> HistoryChange:
        item_id = item.get("id")
        if not isinstance(item_id, str) or not item_id:
            return HistoryChange()
        if item_id in self._deleted and previous is NOT_GIVEN:
            return HistoryChange()  # the rest of a response that lost its item
        before = self.items
        self._place(item_id, previous)
        if item.get("type") == "mcp_approval_response":
            self._answer(item)
        incoming = from_wire(item, store_audio=self._store_audio)
        if incoming is not None and not _is_unfinished_call(item):
            if was_retrieved and item_id in self._truncated:
                self._truncated[item_id] = _Truncation.RETRIEVED
            self._items[item_id] = self._merged(incoming, previous, was_retrieved)
        return self._change(before, item_id)

    def _place(self, item_id: str, previous: Anchor) -> None:
        self._deleted.discard(item_id)
        if item_id in self._order:
            if item_id not in self._guessed or previous is NOT_GIVEN:
                return
            self._order.remove(item_id)
            self._guessed.remove(item_id)
        if previous is None:
            at = 0
        elif previous in self._order:
            at = self._order.index(previous) + 1
        else:
            at = len(self._order)
        self._order.insert(at, item_id)

    def _merged(self, incoming: HistoryItem, previous: Anchor, was_retrieved: bool) -> HistoryItem:
        """Return ``incoming`` with what is known and it does not say."""
        known = self._items.get(incoming.item_id)
        told = previous if isinstance(previous, str) else None
        if told is None and known is not None:
            told = known.previous_item_id
        incoming = replace(incoming, previous_item_id=told)
        match known, incoming:
            case UserMessage(), UserMessage():
                return _with_transcript(incoming, known)
            case FunctionCall(), FunctionCall() if incoming.output is None:
                return replace(incoming, output=known.output)
            case McpApprovalRequest(), McpApprovalRequest() if incoming.approved is None:
                return replace(incoming, approved=known.approved)
            case AssistantMessage(), AssistantMessage():
                return self._merged_answer(incoming, known, was_retrieved)
        return incoming

    def _merged_answer(
        self, incoming: AssistantMessage, known: AssistantMessage, was_retrieved: bool
    ) -> AssistantMessage:
        truncation = self._truncated.get(incoming.item_id)
        if truncation is not None:
            incoming = replace(incoming, status="incomplete")
        if truncation is not None and was_retrieved:
            return incoming
        if truncation is _Truncation.RETRIEVED or not incoming.content:
            return replace(incoming, content=known.content)
        parts = list(incoming.content)
        for index, (part, old) in enumerate(zip(parts, known.content, strict=False)):
            parts[index] = _with_known(part, old)
        return replace(incoming, content=tuple(parts))

    def _answer(self, response: Json) -> None:
        request_id, is_approved = response.get("approval_request_id"), response.get("approve")
        if not isinstance(request_id, str) or not isinstance(is_approved, bool):
            return
        request = self._items.get(request_id)
        if isinstance(request, McpApprovalRequest):
            self._items[request_id] = replace(request, approved=is_approved)

    def _change(self, before: list[HistoryItem], item_id: str) -> HistoryChange:
        """Return what became of ``before``; nothing but ``item_id`` can be new."""
        now = self.items
        is_new = all(item.item_id != item_id for item in before)
        return HistoryChange(self._items.get(item_id) if is_new else None, now != before)


def _is_unfinished_call(item: Json) -> bool:
    """Tell whether it is a function call whose arguments are still being written."""
    return item.get("type") == "function_call" and item.get("status") != "completed"


def _with_transcript(incoming: UserMessage, known: UserMessage) -> UserMessage:
    heard = [part.transcript for part in known.content if isinstance(part, InputAudio)]
    transcript = next((each for each in heard if each), None)
    return replace(
        incoming,
        content=tuple(
            replace(part, transcript=part.transcript or transcript)
            if isinstance(part, InputAudio)
            else part
            for part in incoming.content
        ),
    )


def _with_known(part: AssistantPart, old: AssistantPart) -> AssistantPart:
    if isinstance(part, OutputAudio) and isinstance(old, OutputAudio) and not part.transcript:
        return replace(part, transcript=old.transcript)
    return part
