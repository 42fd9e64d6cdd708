"""Handoffs as the model sees them: a tool per agent one may hand over to."""

from __future__ import annotations

import json
import re
from typing import Any

from .agent import RealtimeAgent

IGNORED_HANDOFF = "Multiple handoffs detected, ignoring this one."


def handoff_tool_name(agent_name: str) -> str:
    """Return ``transfer_to_billing_agent`` for ``Billing Agent``."""
    return "transfer_to_" + re.sub(r"[^A-Za-z0-9]", "_", agent_name).lower()


def handoff_tool(agent: RealtimeAgent) -> dict[str, Any]:
    """Return the tool of the wire that hands over to ``agent``."""
    description = f"Handoff to the {agent.name} agent to handle the request."
    return {
        "type": "function",
        "name": handoff_tool_name(agent.name),
        "description": f"{description} {agent.handoff_description}".strip(),
        "parameters": {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": False,
        },
    }


def handoff_target(agent: RealtimeAgent, tool_name: str) -> RealtimeAgent | None:
    """Return whom ``tool_name`` hands over to; case does not matter, since SDKs differ in it."""
    wanted = tool_name.lower()
    return next((to for to in agent.handoffs if handoff_tool_name(to.name) == wanted), None)


def handoff_output(agent: RealtimeAgent) -> str:
    """Return what the model is told of a handoff."""
    return json.dumps({"assistant": agent.name}, separators=(",", ":"))
