"""Tools that take something down: ``take_message`` and ``note``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from sipagent.agents.tools import FunctionTool, ToolContext, function_tool

from .messages import MessageDesk

if TYPE_CHECKING:
    from .tools import CallContext

TAKEN = "The message is taken. Tell the caller so."
NOTED = "It is noted. Go on, and do not mention it."


async def take_message(context: ToolContext, text: str, name: str = "", number: str = "") -> str:
    """Take a message from the caller for somebody who reads it later.

    Args:
        text: What the message says, in full sentences.
        name: Of the caller, if they told it.
        number: To be called back on, if it is not the one they call from.
    """
    _desk(context).take(context.agent_name, name=name, number=number, text=text)
    return TAKEN


async def note(context: ToolContext, text: str) -> str:
    """Write something down for your colleagues; the caller does not hear it.

    Args:
        text: What is worth knowing when this call is looked at later.
    """
    _desk(context).note(context.agent_name, text)
    return NOTED


@cache
def message_tools() -> Mapping[str, FunctionTool]:
    """Return the tools by name."""
    return {"take_message": function_tool(take_message), "note": function_tool(note)}


def _desk(context: ToolContext) -> MessageDesk:
    call: CallContext = context.context
    return call.messages
