"""What a session tells of agents, history, checks and approvals; see ``events``, and
``connection_events`` for what carries them.

Agents are the objects that were handed in. Fields of items are as in the Realtime API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.wire.events import Json

from .approvals import ApprovalRequest
from .guardrail_runs import Check, Trip
from .history_items import HistoryItem, McpApprovalRequest, McpCall
from .usage import Usage


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """A response of an agent began."""

    NAME: ClassVar = "agent_start"
    agent: RealtimeAgent
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """A response of an agent ended; ``agent`` is who spoke when it began."""

    NAME: ClassVar = "agent_end"
    agent: RealtimeAgent
    response_id: str
    output: str
    """Its last text or transcript."""
    at: float


@dataclass(frozen=True, slots=True)
class AudioStarted:
    """The first audio of a response came."""

    NAME: ClassVar = "audio_start"
    agent: RealtimeAgent
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class AudioInterrupted:
    """The agent was cut off."""

    NAME: ClassVar = "audio_interrupted"
    item_id: str
    """Of what was being heard; empty when nothing was, or the endpoint plays and knows better."""
    content_index: int
    heard_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class OutputStarted:
    """The endpoint began to play a response to the caller of an attached session."""

    NAME: ClassVar = "output_started"
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class OutputStopped:
    """The caller heard a response to its end, which may be long after ``ResponseDone``."""

    NAME: ClassVar = "output_stopped"
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class OutputCleared:
    """What the caller had not heard of a response was dropped."""

    NAME: ClassVar = "output_cleared"
    response_id: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentTextDelta:
    """A piece of what the agent writes."""

    NAME: ClassVar = "agent_text_delta"
    response_id: str
    item_id: str
    delta: str
    at: float


@dataclass(frozen=True, slots=True)
class AgentText:
    """What the agent wrote, whole."""

    NAME: ClassVar = "agent_text"
    response_id: str
    item_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class UserTranscriptDelta:
    """A piece of what the caller said."""

    NAME: ClassVar = "user_transcript_delta"
    item_id: str
    delta: str
    at: float


@dataclass(frozen=True, slots=True)
class HistoryAdded:
    """The history has a new item."""

    NAME: ClassVar = "history_added"
    item: HistoryItem
    at: float


@dataclass(frozen=True, slots=True)
class HistoryUpdated:
    """The history changed."""

    NAME: ClassVar = "history_updated"
    items: Sequence[HistoryItem]
    """All of it."""
    at: float


@dataclass(frozen=True, slots=True)
class ToolApprovalRequested:
    """A call waits for ``approve`` or ``reject``."""

    NAME: ClassVar = "tool_approval_requested"
    agent: RealtimeAgent
    request: ApprovalRequest | McpApprovalRequest
    at: float


@dataclass(frozen=True, slots=True)
class GuardrailCheckStarted:
    """What an agent says is being checked, as far as it was told."""

    NAME: ClassVar = "guardrail_check_started"
    check: Check
    at: float


@dataclass(frozen=True, slots=True)
class GuardrailCheckPassed:
    """A check found nothing."""

    NAME: ClassVar = "guardrail_check_passed"
    check: Check
    is_cleared: bool
    """Whether all of the response may be heard."""
    at: float


@dataclass(frozen=True, slots=True)
class GuardrailTripped:
    """An answer was blocked."""

    NAME: ClassVar = "guardrail_tripped"
    agent: RealtimeAgent
    """Whose response it was."""
    trip: Trip
    at: float


@dataclass(frozen=True, slots=True)
class McpToolCallCompleted:
    """The endpoint called a tool of an MCP server by itself."""

    NAME: ClassVar = "mcp_tool_call_completed"
    agent: RealtimeAgent
    item: McpCall
    at: float


@dataclass(frozen=True, slots=True)
class McpToolsChanged:
    """The endpoint has other MCP tools for the agent than before."""

    NAME: ClassVar = "mcp_tools_changed"
    tools: Sequence[Mapping[str, Any]]
    at: float


@dataclass(frozen=True, slots=True)
class UsageReported:
    """A response's tokens were counted."""

    NAME: ClassVar = "usage"
    response_id: str
    usage: Usage
    total: Usage
    """Of the session so far."""
    at: float


@dataclass(frozen=True, slots=True)
class RateLimitsReported:
    """What is left of the quota."""

    NAME: ClassVar = "rate_limits"
    rate_limits: Sequence[Json]
    at: float


@dataclass(frozen=True, slots=True)
class IdleTimedOut:
    """Nobody spoke for ``idle_timeout_ms``."""

    NAME: ClassVar = "idle_timeout"
    item_id: str
    audio_start_ms: int
    audio_end_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """The caller pressed a key."""

    NAME: ClassVar = "dtmf"
    digit: str
    received_at: float
    """Unix seconds, by the endpoint's clock."""
    source: str
    """``realtime``, ``rtp`` or ``info``."""
    at: float


ConversationEvent: TypeAlias = (
    AgentStarted
    | AgentEnded
    | AudioStarted
    | AudioInterrupted
    | OutputStarted
    | OutputStopped
    | OutputCleared
    | AgentTextDelta
    | AgentText
    | UserTranscriptDelta
    | HistoryAdded
    | HistoryUpdated
    | ToolApprovalRequested
    | GuardrailCheckStarted
    | GuardrailCheckPassed
    | GuardrailTripped
    | McpToolCallCompleted
    | McpToolsChanged
    | UsageReported
    | RateLimitsReported
    | IdleTimedOut
    | DtmfReceived
)
