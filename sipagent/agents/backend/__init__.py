"""Text agents and their runner: a conversation with a language model, its tools and approvals.

A library of its own: what stands here is its public face. Names are loaded when they are first
asked for, since a plan's settings are read where no run ever happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sipagent.lazy import lazy_names

if TYPE_CHECKING:
    from sipagent.agents.guardrails import GuardrailResult as GuardrailResult
    from sipagent.agents.guardrails import OutputGuardrail as OutputGuardrail
    from sipagent.agents.handoffs import Handoff as Handoff
    from sipagent.agents.hooks import AgentHooks as AgentHooks
    from sipagent.agents.rejections import ToolErrorDetails as ToolErrorDetails
    from sipagent.agents.tools import FunctionTool as FunctionTool
    from sipagent.agents.tools import ToolContext as ToolContext
    from sipagent.agents.tools import function_tool as function_tool
    from sipagent.errors import BackendError as BackendError
    from sipagent.errors import GuardrailFailed as GuardrailFailed
    from sipagent.errors import InputGuardrailTripped as InputGuardrailTripped
    from sipagent.errors import MaxTurnsExceeded as MaxTurnsExceeded
    from sipagent.errors import ModelBehaviorError as ModelBehaviorError
    from sipagent.errors import ModelError as ModelError
    from sipagent.errors import ModelRefusalError as ModelRefusalError
    from sipagent.errors import OutputGuardrailTripped as OutputGuardrailTripped
    from sipagent.errors import RunStateError as RunStateError

    from .agent import Agent as Agent
    from .agent import AgentTool as AgentTool
    from .agent import StopAtTools as StopAtTools
    from .agent import ToolResult as ToolResult
    from .agent import ToolsVerdict as ToolsVerdict
    from .agent import handoff as handoff
    from .events import AgentUpdatedStreamEvent as AgentUpdatedStreamEvent
    from .events import RawModelStreamEvent as RawModelStreamEvent
    from .events import RunEvent as RunEvent
    from .events import RunItemStreamEvent as RunItemStreamEvent
    from .guardrails import GuardrailReport as GuardrailReport
    from .guardrails import InputGuardrail as InputGuardrail
    from .items import RunItem as RunItem
    from .model import Model as Model
    from .model import ModelProvider as ModelProvider
    from .model import ModelRequest as ModelRequest
    from .model_input import ModelInput as ModelInput
    from .options import Answer as Answer
    from .runner import Runner as Runner
    from .session import ConversationSession as ConversationSession
    from .session import MemorySession as MemorySession
    from .state import RunState as RunState
    from .stream import RunStream as RunStream
    from .transports.chat import ChatCompletions as ChatCompletions
    from .transports.endpoint import ModelEndpoint as ModelEndpoint
    from .transports.http import ResponsesHttp as ResponsesHttp
    from .transports.options import TransportOptions as TransportOptions
    from .transports.provider import OpenAIProvider as OpenAIProvider
    from .transports.provider import (
        set_default_responses_transport as set_default_responses_transport,
    )
    from .transports.websocket import ResponsesWebSocket as ResponsesWebSocket
    from .transports.websocket_session import (
        responses_websocket_session as responses_websocket_session,
    )

_NAMES = {
    "sipagent.agents.backend.agent": "Agent AgentTool StopAtTools ToolResult ToolsVerdict handoff",
    "sipagent.agents.backend.events": (
        "AgentUpdatedStreamEvent RawModelStreamEvent RunEvent RunItemStreamEvent"
    ),
    "sipagent.agents.backend.guardrails": "GuardrailReport InputGuardrail",
    "sipagent.agents.backend.items": "RunItem",
    "sipagent.agents.backend.model": "Model ModelProvider ModelRequest",
    "sipagent.agents.backend.model_input": "ModelInput",
    "sipagent.agents.backend.options": "Answer",
    "sipagent.agents.rejections": "ToolErrorDetails",
    "sipagent.agents.backend.runner": "Runner",
    "sipagent.agents.backend.session": "ConversationSession MemorySession",
    "sipagent.agents.backend.state": "RunState",
    "sipagent.agents.backend.stream": "RunStream",
    "sipagent.agents.backend.transports.chat": "ChatCompletions",
    "sipagent.agents.backend.transports.endpoint": "ModelEndpoint",
    "sipagent.agents.backend.transports.http": "ResponsesHttp",
    "sipagent.agents.backend.transports.options": "TransportOptions",
    "sipagent.agents.backend.transports.provider": (
        "OpenAIProvider set_default_responses_transport"
    ),
    "sipagent.agents.backend.transports.websocket": "ResponsesWebSocket",
    "sipagent.agents.backend.transports.websocket_session": "responses_websocket_session",
    "sipagent.agents.guardrails": "GuardrailResult OutputGuardrail",
    "sipagent.agents.handoffs": "Handoff",
    "sipagent.agents.hooks": "AgentHooks",
    "sipagent.agents.tools": "FunctionTool ToolContext function_tool",
    "sipagent.errors": (
        "BackendError GuardrailFailed InputGuardrailTripped MaxTurnsExceeded ModelBehaviorError "
        "ModelError ModelRefusalError OutputGuardrailTripped RunStateError"
    ),
}
"""What is public, by the module it is made in."""

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
