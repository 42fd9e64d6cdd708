"""What a run made: items of the model's responses and what was answered to them.

An item keeps the ``raw_item`` of the wire, which is what the model is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sipagent.agents.handoffs import Handoff

from .agent import Agent
from .model import Json
from .resolving import ReadyAgent

ItemType: TypeAlias = Literal[
    "message_output_item",
    "reasoning_item",
    "tool_call_item",
    "tool_call_output_item",
    "tool_approval_item",
    "handoff_call_item",
    "handoff_output_item",
    "other_item",
]
ItemName: TypeAlias = Literal[
    "message_output_created",
    "reasoning_item_created",
    "tool_called",
    "tool_output",
    "tool_approval_requested",
    "handoff_requested",
    "handoff_occurred",
]

EVENT_NAMES: dict[str, ItemName] = {
    "message_output_item": "message_output_created",
    "reasoning_item": "reasoning_item_created",
    "tool_call_item": "tool_called",
    "tool_call_output_item": "tool_output",
    "tool_approval_item": "tool_approval_requested",
    "handoff_call_item": "handoff_requested",
    "handoff_output_item": "handoff_occurred",
}
"""What a run tells of an item; of one that is not here it tells nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class RunItem:
    """One item of a run."""

    type: ItemType
    agent: Agent
    """Whose it is; of a handoff, who handed over."""
    raw_item: Json
    target: Agent | None = None
    """Who goes on after a handoff."""

    @property
    def name(self) -> str:
        """The tool's, of a call or an approval."""
        return str(self.raw_item.get("name", ""))

    @property
    def arguments(self) -> str:
        """JSON as the model wrote it, of a call or an approval."""
        return str(self.raw_item.get("arguments") or "")

    @property
    def call_id(self) -> str:
        """Of a call, its approval and its output."""
        return str(self.raw_item.get("call_id", ""))

    @property
    def output(self) -> str:
        """What the model is told of a call."""
        return str(self.raw_item.get("output", ""))

    @property
    def text(self) -> str:
        """What a message says."""
        return message_text(self.raw_item)


def response_item(raw: Json, agent: Agent, ready: ReadyAgent) -> RunItem:
    """Return the item for one of a response's ``output``."""
    return RunItem(_type_of(raw, ready), agent, raw)


def output_item(call_id: str, output: str, agent: Agent, *, target: Agent | None = None) -> RunItem:
    """Return what the model is told of a call; with ``target`` of a handoff that happened."""
    kind: ItemType = "tool_call_output_item" if target is None else "handoff_output_item"
    raw = {"type": "function_call_output", "call_id": call_id, "output": output}
    return RunItem(kind, agent, raw, target)


def input_items(given: str | Sequence[Json]) -> list[Json]:
    """Return what a run is given as items of the wire, a copy."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return deepcopy([dict(item) for item in given])


def message_text(message: Json) -> str:
    """Return what a message says."""
    return "".join(str(part.get("text", "")) for part in _parts(message, "output_text"))


def refusal_in(message: Json) -> str | None:
    """Return what the model said when it would not answer, None when it did."""
    parts = _parts(message, "refusal")
    return "".join(str(part.get("refusal", "")) for part in parts) if parts else None


def _parts(message: Json, kind: str) -> list[Any]:
    content = message.get("content") or []
    return [part for part in content if isinstance(part, dict) and part.get("type") == kind]


def _type_of(raw: Json, ready: ReadyAgent) -> ItemType:
    kind = str(raw.get("type", ""))
    if kind == "function_call":
        is_handoff = isinstance(ready.find(str(raw.get("name", ""))), Handoff)
        return "handoff_call_item" if is_handoff else "tool_call_item"
    if kind == "message":
        return "message_output_item"
    if kind == "reasoning":
        return "reasoning_item"
    # The endpoint's own tools, such as ``web_search_call``: it has run them already.
    return "tool_call_item" if kind.endswith("_call") else "other_item"
