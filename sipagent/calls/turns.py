"""What the agent said, and how much of it the caller heard.

A transcript runs ahead of the audio, and the audio ahead of the caller's ear. An item is told once:
when its last sample was played, or when it was cut off. What was heard is then the share of the
words that the share of the audio makes, rounded down to whole words.

No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .facts import AgentSaid, AgentSaidSoFar


def heard_words(said: str, heard_ms: int, received_ms: int) -> str:
    """Return the words of ``said`` that fit the share ``heard_ms`` of ``received_ms``."""
    if received_ms <= 0 or heard_ms <= 0:
        return ""
    if heard_ms >= received_ms:
        return said
    budget = len(said) * heard_ms / received_ms
    words: list[str] = []
    length = 0
    for word in said.split():
        length += len(word) + (1 if words else 0)
        if length > budget:
            break
        words.append(word)
    return " ".join(words)


@dataclass(slots=True)
class _Item:
    agent: str
    partial: str = ""
    final: str | None = None
    played_ms: int | None = None
    abandoned_ms: int | None = None
    """What had come of it when no more could come."""


class AgentTurns:
    """Join transcripts with what was played, item by item."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}

    def agent_of(self, item_id: str) -> str:
        """Return which agent speaks ``item_id``, or ``""`` when it is not being spoken."""
        item = self._items.get(item_id)
        return item.agent if item is not None else ""

    def add_delta(self, item_id: str, agent: str, delta: str) -> None:
        """Add a piece of the transcript."""
        self._item(item_id, agent).partial += delta

    def finish_transcript(self, item_id: str, agent: str, text: str) -> AgentSaid | None:
        """Take the whole transcript; return the fact if the item was already played."""
        item = self._item(item_id, agent)
        item.final = text
        if item.played_ms is None:
            return None
        return self._tell(item_id, item.played_ms, item.played_ms, interrupted=False)

    def played(self, item_id: str, heard_ms: int) -> AgentSaid | None:
        """Note that the last sample was played; return the fact once the transcript is there."""
        item = self._items.get(item_id)
        if item is None:
            return None
        if item.abandoned_ms is not None:
            return self._tell(item_id, heard_ms, item.abandoned_ms, interrupted=True)
        if item.final is None:
            item.played_ms = heard_ms
            return None
        return self._tell(item_id, heard_ms, heard_ms, interrupted=False)

    def cut_off(self, item_id: str, heard_ms: int, received_ms: int) -> AgentSaid | None:
        """Note an interruption; return the fact, or None if nothing of it is known.

        An item that was played whole and waits for its transcript was not interrupted.
        """
        item = self._items.get(item_id)
        if item is None:
            return None
        if item.played_ms is not None:
            return self._tell(item_id, item.played_ms, item.played_ms, interrupted=False)
        return self._tell(item_id, heard_ms, received_ms, interrupted=True)

    def abandon(self, received_ms: Mapping[str, int]) -> list[AgentSaid]:
        """Note that no more comes of anything; return what can be told by now.

        Args:
            received_ms: Of items that were not finished, how much audio had come.
        """
        told: list[AgentSaid] = []
        for item_id, item in list(self._items.items()):
            item.abandoned_ms = received_ms.get(item_id)
            if item.final is None:
                item.final = item.partial
            if item.played_ms is not None:
                told.append(self._tell(item_id, item.played_ms, item.played_ms, interrupted=False))
        return told

    def so_far(self, progress_ms: Mapping[str, tuple[int, int]]) -> list[AgentSaidSoFar]:
        """Return what is known by now of items that are being heard.

        Args:
            progress_ms: By item, how much of it was heard, and how much had come.
        """
        told = []
        for item_id, (heard_ms, received_ms) in progress_ms.items():
            item = self._items.get(item_id)
            if item is None or not heard_ms:
                continue
            said = item.final if item.final is not None else item.partial
            heard = heard_words(said, heard_ms, item.abandoned_ms or received_ms)
            told.append(AgentSaidSoFar(item_id, item.agent, said.strip(), heard.strip(), heard_ms))
        return told

    def open_items(self) -> list[str]:
        """Return the items that were neither played to the end nor cut off."""
        return list(self._items)

    def _item(self, item_id: str, agent: str) -> _Item:
        return self._items.setdefault(item_id, _Item(agent))

    def _tell(
        self, item_id: str, heard_ms: int, received_ms: int, *, interrupted: bool
    ) -> AgentSaid:
        item = self._items.pop(item_id)
        said = item.final if item.final is not None else item.partial
        heard = heard_words(said, heard_ms, received_ms) if interrupted else said
        return AgentSaid(item_id, item.agent, said.strip(), heard.strip(), heard_ms, interrupted)
