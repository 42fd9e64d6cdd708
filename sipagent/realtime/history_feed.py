"""Server events into history: what changes, what is told of it, what must be asked for.

Some events only say that an item changed; the item is then retrieved (Realtime:
conversation.item.retrieve). Items of responses outside the conversation are none of ours. Pure.
"""

from __future__ import annotations

from sipagent.wire import server
from sipagent.wire.client import ConversationItemRetrieve

from .conversation_events import HistoryAdded, HistoryUpdated
from .history import NOT_GIVEN, Anchor, History, HistoryChange


class HistoryFeed:
    """Keep a history by what the endpoint says.

    Args:
        store_audio: Whether audio is kept where the endpoint gives it.
    """

    def __init__(self, *, store_audio: bool) -> None:
        self.history = History(store_audio)
        self._store_audio = store_audio
        self._foreign: set[str] = set()

    def ignore(self, response_id: str) -> None:
        """Leave out what a response makes: it is not part of the conversation."""
        self._foreign.add(response_id)

    def is_ignored(self, response_id: str) -> bool:
        """Tell whether what a response makes is left out."""
        return response_id in self._foreign

    def take(
        self, event: server.ServerEvent, *, now: float
    ) -> tuple[list[HistoryAdded | HistoryUpdated], list[ConversationItemRetrieve]]:
        """Take an event; return what to tell and what to ask for."""
        change, wanted = HistoryChange(), ""
        match event:
            case server.ConversationItemAdded(item=item) | server.ConversationItemDone(item=item):
                change = self.history.taken(item, _anchor(event))
            case server.ConversationItemRetrieved(item=item):
                change = self.history.retrieved(item)
            case (
                server.ResponseOutputItemAdded(response_id=response_id, item=item)
                | server.ResponseOutputItemDone(response_id=response_id, item=item)
            ):
                if response_id not in self._foreign:
                    change = self.history.taken(item)
            case server.InputAudioBufferCommitted(item_id=item_id):
                self.history.committed(item_id, _anchor(event))
            case server.InputAudioTranscriptionCompleted(item_id=item_id, transcript=text):
                change = self.history.transcribed(item_id, text.strip())
                wanted = item_id if self._store_audio else ""
            case server.InputAudioTranscriptionFailed(item_id=item_id):
                change = self.history.transcription_failed(item_id)
            case server.ConversationItemTruncated(item_id=item_id):
                change, wanted = self.history.truncated(item_id), item_id
            case server.ConversationItemDeleted(item_id=item_id):
                change = self.history.deleted(item_id)
            case server.ResponseMcpCallInProgress() | server.McpListToolsInProgress():
                wanted = event.item_id
            case _:
                pass
        asked = [ConversationItemRetrieve(item_id=wanted)] if wanted else []
        return self.told(change, now=now), asked

    def answered(
        self, tool_call_id: str, output: str, *, now: float
    ) -> list[HistoryAdded | HistoryUpdated]:
        """Note what a tool said, which nobody but us has; return what to tell."""
        return self.told(self.history.function_output(tool_call_id, output), now=now)

    def told(self, change: HistoryChange, *, now: float) -> list[HistoryAdded | HistoryUpdated]:
        """Return what is told of a change."""
        events: list[HistoryAdded | HistoryUpdated] = []
        if change.added is not None:
            events.append(HistoryAdded(change.added, now))
        if change.is_changed:
            events.append(HistoryUpdated(tuple(self.history.items), now))
        return events


def _anchor(
    event: server.ConversationItemAdded
    | server.ConversationItemDone
    | server.InputAudioBufferCommitted,
) -> Anchor:
    is_given = "previous_item_id" in event.model_fields_set
    return event.previous_item_id if is_given else NOT_GIVEN
