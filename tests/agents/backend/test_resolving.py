"""What text agents are, for their model."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.resolving import ready
from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.errors import ConfigError


def note(text: str, times: int = 1) -> None:
    """Take a note."""


def keep(labels: dict[str, str]) -> None:
    """Keep labels."""


@pytest.mark.parametrize(
    ("tool", "is_strict"),
    [
        (function_tool(note), True),
        (function_tool(note, strict=False), False),
        (function_tool(keep), False),
        (
            FunctionTool("free", "", {"type": "object", "properties": {}}, print, strict=False),
            False,
        ),
        (
            FunctionTool(
                "closed",
                "",
                {"type": "object", "properties": {}, "additionalProperties": False},
                print,
                strict=False,
            ),
            False,
        ),
    ],
)
async def test_the_endpoint_holds_the_model_to_what_is_strict_and_closed(
    tool: FunctionTool, is_strict: bool
) -> None:
    agent = await ready(Agent("Clerk", tools=[tool]), None)
    [wire] = agent.wire_tools()
    assert wire["strict"] is is_strict


async def test_handoffs_come_after_tools_and_are_strict() -> None:
    billing = Agent("Billing")
    agent = await ready(Agent("Clerk", tools=[function_tool(note)], handoffs=[billing]), None)
    wire = agent.wire_tools()
    assert [(each["name"], each["strict"]) for each in wire] == [
        ("note", True),
        ("transfer_to_billing", True),
    ]


async def test_what_is_not_enabled_now_is_not_there() -> None:
    def for_friends(context: Any, agent: Agent) -> bool:
        return bool(context == "friend" and agent.name == "Clerk")

    clerk = Agent("Clerk", tools=[function_tool(note, is_enabled=for_friends)])
    assert (await ready(clerk, "friend")).find("note") is not None
    assert (await ready(clerk, "foe")).find("note") is None


async def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="same name"):
        await ready(Agent("Clerk", tools=[function_tool(note), function_tool(note)]), None)
