"""Built-in tools: what an agent may do with the call itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sipagent.agents.tools import BackgroundResult, FunctionTool, ToolContext, function_tool

from .termination import Reason


@dataclass(frozen=True, slots=True)
class CallContext:
    """What tools are told of the call they run in."""

    call_id: str
    sip_call_id: str
    called: str
    caller: str
    caller_name: str
    headers: tuple[tuple[str, str], ...]
    request_hang_up: Callable[[Reason, str], None]


async def hangup(context: ToolContext) -> BackgroundResult:
    """End the phone call, after everything said so far has been heard. Say goodbye first."""
    call: CallContext = context.context
    call.request_hang_up(Reason.AGENT_HUNG_UP, f"by {context.agent_name}")
    return BackgroundResult("The call ends now.")


def builtin_tools() -> dict[str, FunctionTool]:
    """Return the tools every dialplan may name without defining them, by name."""
    return {"hangup": function_tool(hangup)}
