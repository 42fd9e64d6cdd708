"""What a run tells as it goes, in this order (Agents SDK: streaming guide).

    tools      raw ... response_done, tool_called, tool_output, raw of the next turn
    handoff    handoff_requested, handoff_occurred, agent updated, raw of the next agent
    approval   tool_called, tool_approval_requested, the end

Items of a response are told when it is complete. Outputs of tools are told as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .agent import Agent
from .items import ItemName, RunItem
from .model import Json

TEXT_DELTA = "output_text_delta"


@dataclass(frozen=True, slots=True)
class RawModelStreamEvent:
    """Something of a model's response."""

    data: Json
    """``{type: response_started}``, ``{type: output_text_delta, delta}``,
    ``{type: response_done, response: {id, output, usage}}``, or ``{type: model, event}`` for each
    event as it came."""
    type: Literal["raw_model_stream_event"] = "raw_model_stream_event"


@dataclass(frozen=True, slots=True)
class RunItemStreamEvent:
    """The run made an item."""

    name: ItemName
    item: RunItem
    type: Literal["run_item_stream_event"] = "run_item_stream_event"


@dataclass(frozen=True, slots=True)
class AgentUpdatedStreamEvent:
    """After a handoff ``agent`` goes on."""

    agent: Agent
    type: Literal["agent_updated_stream_event"] = "agent_updated_stream_event"


RunEvent: TypeAlias = RawModelStreamEvent | RunItemStreamEvent | AgentUpdatedStreamEvent


def raw_events(event: Json) -> list[RawModelStreamEvent]:
    """Return what is told of one event of the endpoint, itself first."""
    told = [RawModelStreamEvent({"type": "model", "event": event})]
    match event.get("type"):
        case "response.created":
            told.append(RawModelStreamEvent({"type": "response_started"}))
        case "response.output_text.delta":
            data = {"type": TEXT_DELTA, "delta": str(event.get("delta", ""))}
            told.append(RawModelStreamEvent(data))
        case "response.completed":
            whole = event.get("response") or {}
            response = {key: whole.get(key) for key in ("id", "output", "usage")}
            told.append(RawModelStreamEvent({"type": "response_done", "response": response}))
    return told
