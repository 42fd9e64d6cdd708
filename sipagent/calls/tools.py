"""Built-in tools: what an agent may do with the call itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sipagent.agents.tools import BackgroundResult, FunctionTool, ToolContext, function_tool

from .termination import Reason

TRANSFER_TIMEOUT_S = 60.0
"""More than a transfer takes that waits for the last words and then for its own limit."""


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
    transfer: Callable[[str], Awaitable[str]]
    """Takes the name of a target of the plan; returns what the model is told. On the loop."""
    realtime_call_id: str = ""
    """The provider's, of a call that its own connector answered."""


async def hangup(context: ToolContext) -> BackgroundResult:
    """End the phone call, after everything said so far has been heard. Say goodbye first."""
    call: CallContext = context.context
    call.request_hang_up(Reason.AGENT_HUNG_UP, f"by {context.agent_name}")
    return BackgroundResult("The call ends now.")


async def _transfer_call(context: ToolContext, values: Mapping[str, Any]) -> str:
    call: CallContext = context.context
    return await call.transfer(values["target"])


def transfer_tool(targets: Mapping[str, str]) -> FunctionTool:
    """Return the tool that transfers the caller to one of ``targets``, which it knows by name."""
    names = list(targets)
    target = {"type": "string", "enum": names, "description": "Whom to transfer the caller to."}
    return FunctionTool(
        name="transfer_call",
        description=(
            "Transfer the phone call to somebody else, after everything said so far has been heard;"
            " this conversation then ends. Tell the caller first, and do not hang up. Possible"
            f" targets: {', '.join(names)}."
        ),
        parameters={
            "type": "object",
            "properties": {"target": target},
            "required": ["target"],
            "additionalProperties": False,
        },
        invoke=_transfer_call,
        timeout_s=TRANSFER_TIMEOUT_S,
    )


def builtin_tools(transfer_targets: Mapping[str, str]) -> dict[str, FunctionTool]:
    """Return the tools every dialplan may name without defining them, by name.

    Args:
        transfer_targets: Of the plan; without any there is nothing to transfer callers to.
    """
    tools = {"hangup": function_tool(hangup)}
    if transfer_targets:
        tools["transfer_call"] = transfer_tool(transfer_targets)
    return tools
