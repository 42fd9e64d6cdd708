"""Built-in tools: what an agent may do with the call itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from sipagent.agents.tools import BackgroundResult, FunctionTool, ToolContext, function_tool

from .collecting import FieldSettings
from .judges import Judges
from .keypad_tools import KeyHands, keypad_tools
from .message_tools import message_tools
from .messages import MessageDesk
from .recording import Recording
from .recording_tools import recording_tools
from .termination import Reason
from .transfer_setup import TransferSetup
from .transfer_tool import transfer_tool
from .transfer_wish import TransferWish

DELEGATE_MARGIN_S = 5.0
"""More than a delegation has, so that it is the one that says that it took too long."""

TransferTool: TypeAlias = Callable[[TransferWish], Awaitable[str]]
"""Takes what the agent wants; returns what it is told of it. On the loop."""


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
    transfer: TransferTool
    realtime_call_id: str = ""
    """The provider's, of a call that its own connector answered."""
    recording: Recording | None = None
    """Of the call; None: it is not recorded here."""
    keypad: KeyHands | None = None
    """Collects what the caller keys in; None: the keys do not come to us."""
    collected: Mapping[str, str] = field(default_factory=dict)
    """Numbers that ``collect_digits`` has collected, by name: the digits themselves."""
    delegate: Callable[[ToolContext, str], Awaitable[str]] | None = None
    """Has the backend agent of the plan work on a request; None: there is none."""
    direction: str = "incoming"
    """``outgoing``: we placed it."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What whoever had it placed says of this call."""
    asserted_caller: str = ""
    """Who the network says is calling; ``""``: it says nothing, or is not trusted."""
    diverted_from: str = ""
    """Whom the call was for before it was sent on; ``""``: it was not."""
    messages: MessageDesk = field(kw_only=True)
    """Takes messages and notes."""
    judges: Judges = field(kw_only=True)
    """Ask models whether callers may hear what an agent says."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What instructions are filled with."""


async def hangup(context: ToolContext) -> BackgroundResult:
    """End the phone call, after everything said so far has been heard. Say goodbye first."""
    call: CallContext = context.context
    call.request_hang_up(Reason.AGENT_HUNG_UP, f"by {context.agent_name}")
    return BackgroundResult("The call ends now.")


@cache
def _hangup_tool() -> FunctionTool:
    return function_tool(hangup)


async def _delegate(context: ToolContext, values: Mapping[str, Any]) -> str:
    call: CallContext = context.context
    assert call.delegate is not None
    return await call.delegate(context, values["request"])


def delegate_tool(timeout_s: float) -> FunctionTool:
    """Return the tool that hands a request to the backend agent.

    Args:
        timeout_s: How long a delegation may take.
    """
    request = {
        "type": "string",
        "description": "What is wanted, in one or two sentences, with every detail that matters.",
    }
    return FunctionTool(
        name="delegate",
        description=(
            "Hand a request that takes thought, or a tool you do not have, to a colleague who knows"
            " this conversation. It may take a while; the caller is told to hold the line. Say the"
            " answer to the caller in your own words."
        ),
        parameters={
            "type": "object",
            "properties": {"request": request},
            "required": ["request"],
            "additionalProperties": False,
        },
        invoke=_delegate,
        timeout_s=timeout_s + DELEGATE_MARGIN_S,
    )


def builtin_tools(
    transfer: TransferSetup,
    delegation_timeout_s: float | None = None,
    keypad_fields: tuple[FieldSettings, ...] = (),
) -> dict[str, FunctionTool]:
    """Return the tools every dialplan may name without defining them, by name.

    Args:
        transfer: Of the plan; without targets there is nothing to transfer callers to.
        delegation_timeout_s: Of its backend agent; None: there is none.
        keypad_fields: Numbers that agents may ask for; none: any number.
    """
    tools = {"hangup": _hangup_tool(), **message_tools()}
    tools |= {**recording_tools(), **keypad_tools(keypad_fields)}
    if transfer.targets:
        tools["transfer_call"] = transfer_tool(transfer)
    if delegation_timeout_s is not None:
        tools["delegate"] = delegate_tool(delegation_timeout_s)
    return tools
