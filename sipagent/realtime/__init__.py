"""One conversation with a speech model over the Realtime protocol.

A library of its own: what stands here is its public face, described in ``docs/realtime.md``.
Names are loaded when they are first asked for, since the supervisor reads this package's settings
and must not load a session with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sipagent.lazy import lazy_names

if TYPE_CHECKING:
    from sipagent.agents.agent import RealtimeAgent as RealtimeAgent
    from sipagent.agents.guardrails import GuardrailResult as GuardrailResult
    from sipagent.agents.guardrails import OutputGuardrail as OutputGuardrail
    from sipagent.agents.handoffs import Handoff as Handoff
    from sipagent.agents.handoffs import realtime_handoff as realtime_handoff
    from sipagent.agents.hooks import AgentHooks as AgentHooks
    from sipagent.agents.hosted_mcp import HostedMcpTool as HostedMcpTool
    from sipagent.agents.hosted_mcp import hosted_mcp_tool as hosted_mcp_tool
    from sipagent.agents.mcp import McpServer as McpServer
    from sipagent.agents.mcp import McpTool as McpTool
    from sipagent.agents.mcp_servers import McpServerStdio as McpServerStdio
    from sipagent.agents.mcp_servers import McpServerStreamableHttp as McpServerStreamableHttp
    from sipagent.agents.rejections import ToolErrorDetails as ToolErrorDetails
    from sipagent.agents.tool_guardrails import Allow as Allow
    from sipagent.agents.tool_guardrails import Raise as Raise
    from sipagent.agents.tool_guardrails import RejectContent as RejectContent
    from sipagent.agents.tool_guardrails import ToolGuardrail as ToolGuardrail
    from sipagent.agents.tools import BackgroundResult as BackgroundResult
    from sipagent.agents.tools import FunctionTool as FunctionTool
    from sipagent.agents.tools import ToolContext as ToolContext
    from sipagent.agents.tools import background_result as background_result
    from sipagent.agents.tools import function_tool as function_tool
    from sipagent.audio.formats import AudioFormat as AudioFormat
    from sipagent.errors import CallGone as CallGone
    from sipagent.errors import ConfigError as ConfigError
    from sipagent.errors import SessionError as SessionError
    from sipagent.errors import SessionLost as SessionLost
    from sipagent.errors import SessionRejected as SessionRejected
    from sipagent.errors import SessionTimeout as SessionTimeout
    from sipagent.errors import ToolError as ToolError
    from sipagent.errors import WireError as WireError

    from .accepting import accept_session as accept_session
    from .accepting import check_accept as check_accept
    from .approvals import ApprovalRequest as ApprovalRequest
    from .connection_events import ConnectionLost as ConnectionLost
    from .connection_events import Reconnected as Reconnected
    from .connection_events import SessionExpiring as SessionExpiring
    from .connection_events import TransportEvent as TransportEvent
    from .conversation_events import AgentEnded as AgentEnded
    from .conversation_events import AgentStarted as AgentStarted
    from .conversation_events import AgentText as AgentText
    from .conversation_events import AgentTextDelta as AgentTextDelta
    from .conversation_events import AudioInterrupted as AudioInterrupted
    from .conversation_events import AudioStarted as AudioStarted
    from .conversation_events import DtmfReceived as DtmfReceived
    from .conversation_events import GuardrailCheckPassed as GuardrailCheckPassed
    from .conversation_events import GuardrailCheckStarted as GuardrailCheckStarted
    from .conversation_events import GuardrailTripped as GuardrailTripped
    from .conversation_events import HistoryAdded as HistoryAdded
    from .conversation_events import HistoryUpdated as HistoryUpdated
    from .conversation_events import IdleTimedOut as IdleTimedOut
    from .conversation_events import McpToolCallCompleted as McpToolCallCompleted
    from .conversation_events import McpToolsChanged as McpToolsChanged
    from .conversation_events import OutputCleared as OutputCleared
    from .conversation_events import OutputStarted as OutputStarted
    from .conversation_events import OutputStopped as OutputStopped
    from .conversation_events import RateLimitsReported as RateLimitsReported
    from .conversation_events import ToolApprovalRequested as ToolApprovalRequested
    from .conversation_events import UsageReported as UsageReported
    from .conversation_events import UserTranscriptDelta as UserTranscriptDelta
    from .endpoint import OPENAI_URL as OPENAI_URL
    from .endpoint import Endpoint as Endpoint
    from .events import AgentTranscript as AgentTranscript
    from .events import AgentTranscriptDelta as AgentTranscriptDelta
    from .events import AudioDelta as AudioDelta
    from .events import AudioDone as AudioDone
    from .events import Disconnected as Disconnected
    from .events import HandedOff as HandedOff
    from .events import ItemTruncated as ItemTruncated
    from .events import ResponseDone as ResponseDone
    from .events import ResponseStarted as ResponseStarted
    from .events import SessionConfigured as SessionConfigured
    from .events import SessionErrorReported as SessionErrorReported
    from .events import SessionEvent as SessionEvent
    from .events import SpeechStarted as SpeechStarted
    from .events import SpeechStopped as SpeechStopped
    from .events import ToolEnded as ToolEnded
    from .events import ToolStarted as ToolStarted
    from .events import UserTranscript as UserTranscript
    from .history_items import AssistantMessage as AssistantMessage
    from .history_items import FunctionCall as FunctionCall
    from .history_items import HistoryItem as HistoryItem
    from .history_items import InputAudio as InputAudio
    from .history_items import InputImage as InputImage
    from .history_items import InputText as InputText
    from .history_items import McpApprovalRequest as McpApprovalRequest
    from .history_items import McpCall as McpCall
    from .history_items import OutputAudio as OutputAudio
    from .history_items import OutputText as OutputText
    from .history_items import SystemMessage as SystemMessage
    from .history_items import UserMessage as UserMessage
    from .history_update import HistoryUpdateError as HistoryUpdateError
    from .options import SessionOptions as SessionOptions
    from .playback import AttachedPlayback as AttachedPlayback
    from .playback import ClockPlayback as ClockPlayback
    from .playback import HeardItem as HeardItem
    from .playback import Playback as Playback
    from .playback import PlaybackTracker as PlaybackTracker
    from .playback import PlayedItem as PlayedItem
    from .rotation import RotationSettings as RotationSettings
    from .session import RealtimeSession as RealtimeSession
    from .silence import SilenceSettings as SilenceSettings
    from .sip_calls import SipCalls as SipCalls
    from .usage import Usage as Usage
    from .wire_values import DEFAULT as DEFAULT

_NAMES = {
    "sipagent.agents.agent": "RealtimeAgent",
    "sipagent.agents.guardrails": "GuardrailResult OutputGuardrail",
    "sipagent.agents.handoffs": "Handoff realtime_handoff",
    "sipagent.agents.hooks": "AgentHooks",
    "sipagent.agents.hosted_mcp": "HostedMcpTool hosted_mcp_tool",
    "sipagent.agents.mcp": "McpServer McpTool",
    "sipagent.agents.mcp_servers": "McpServerStdio McpServerStreamableHttp",
    "sipagent.agents.rejections": "ToolErrorDetails",
    "sipagent.agents.tool_guardrails": "Allow Raise RejectContent ToolGuardrail",
    "sipagent.agents.tools": (
        "BackgroundResult FunctionTool ToolContext background_result function_tool"
    ),
    "sipagent.audio.formats": "AudioFormat",
    "sipagent.errors": (
        "CallGone ConfigError SessionError SessionLost SessionRejected SessionTimeout ToolError "
        "WireError"
    ),
    "sipagent.realtime.accepting": "accept_session check_accept",
    "sipagent.realtime.approvals": "ApprovalRequest",
    "sipagent.realtime.connection_events": (
        "ConnectionLost Reconnected SessionExpiring TransportEvent"
    ),
    "sipagent.realtime.conversation_events": (
        "AgentEnded AgentStarted AgentText AgentTextDelta AudioInterrupted AudioStarted "
        "DtmfReceived GuardrailCheckPassed GuardrailCheckStarted "
        "GuardrailTripped HistoryAdded HistoryUpdated IdleTimedOut McpToolCallCompleted "
        "McpToolsChanged OutputCleared OutputStarted OutputStopped RateLimitsReported "
        "ToolApprovalRequested UsageReported UserTranscriptDelta"
    ),
    "sipagent.realtime.endpoint": "OPENAI_URL Endpoint",
    "sipagent.realtime.events": (
        "AgentTranscript AgentTranscriptDelta AudioDelta AudioDone Disconnected HandedOff "
        "ItemTruncated ResponseDone ResponseStarted SessionConfigured SessionErrorReported "
        "SessionEvent SpeechStarted SpeechStopped ToolEnded ToolStarted UserTranscript"
    ),
    "sipagent.realtime.history_items": (
        "AssistantMessage FunctionCall HistoryItem InputAudio InputImage InputText "
        "McpApprovalRequest McpCall OutputAudio OutputText SystemMessage UserMessage"
    ),
    "sipagent.realtime.history_update": "HistoryUpdateError",
    "sipagent.realtime.options": "SessionOptions",
    "sipagent.realtime.playback": (
        "AttachedPlayback ClockPlayback HeardItem Playback PlaybackTracker PlayedItem"
    ),
    "sipagent.realtime.rotation": "RotationSettings",
    "sipagent.realtime.session": "RealtimeSession",
    "sipagent.realtime.silence": "SilenceSettings",
    "sipagent.realtime.sip_calls": "SipCalls",
    "sipagent.realtime.usage": "Usage",
    "sipagent.realtime.wire_values": "DEFAULT",
}
"""What is public, by the module it is made in."""

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
